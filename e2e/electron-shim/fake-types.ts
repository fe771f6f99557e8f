import type { FakeWebContents, FakeWindow } from './fake-window'

/**
 * What a fake of `T` must have for the members `K`: each with Electron's parameters, and a result that Electron's
 * callers could use. A change in electron.d.ts then breaks the build here, and not a run somewhere else.
 */
export type Like<T, K extends keyof T> = {
  [P in K]: T[P] extends (...args: infer A) => infer R ? (...args: A) => R extends object ? unknown : R : T[P]
}

/** A real page behind a fake window. */
export interface FakePage {
  /** DevTools' name of it. */
  readonly targetId: string | null
  navigate(url: string): Promise<void>
  send(channel: string, args: unknown[]): void
  close(): Promise<void>
}

/** Gives windows their pages. Without one, windows have none, which is enough for tests of the main process. */
export interface PageBackend {
  openPage(window: FakeWindow): Promise<FakePage>
  quit(exitCode: number): Promise<void>
}

/** What a backend asks of the fake for its pages. */
export interface PageHooks {
  invoke(contents: FakeWebContents, channel: string, args: unknown[], frame: FakeFrame): Promise<unknown>
  /** Its process is gone, and the page with it. */
  crashed(contents: FakeWebContents): void
  /** Whether a page gets a permission; Electron grants everything unless a handler says no. */
  permission(contents: FakeWebContents, name: 'notifications' | 'clipboard-read' | 'geolocation'): boolean
  /** A response of `protocol.handle`, `cancelled` by `webRequest`, or `network`: ours to leave alone. */
  request(url: string, method: string, contents: FakeWebContents): Promise<Response | 'cancelled' | 'network'>
}

export interface FakeFrame {
  url: string
  frameTreeNodeId: number
}
