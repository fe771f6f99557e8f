import { vi } from 'vitest'
import { stoppedStatus } from '../../../e2e/support/status-fixtures'
import type { MethodHandlers } from '../../../src-shared/contract'
import { METHOD_NAMES } from '../../../src-shared/contract-names'
import { DEFAULT_SETTINGS, type Settings } from '../../../src-shared/settings'
import type { NodeStatus } from '../../../src-shared/status'
import type { App } from '../../app/app'
import { createAppViewBook } from '../../app/app-view-book'
import type { EventLog } from '../../storage/event-log'

/** An app whose node is what the test says; every call of a method is recorded by `vi`. */
export function scriptedApp(first: NodeStatus = stoppedStatus(1_000), changes: Partial<Settings> = {}) {
  let status = first
  let settings: Settings = { ...DEFAULT_SETTINGS, publicName: 'attic-pc', ...changes }
  const view = createAppViewBook({ version: '0.1.0', host: 'desktop', platform: 'linux x64' })
  const statusListeners = new Set<(status: NodeStatus) => void>()
  const settingsListeners = new Set<(settings: Settings) => void>()
  const handlers = Object.fromEntries(
    METHOD_NAMES.map((name) => [name, vi.fn(() => ({}))]),
  ) as unknown as MethodHandlers
  const scripted: MethodHandlers = { ...handlers, 'status.get': () => status, 'settings.get': () => settings }
  const app = {
    handlers: scripted,
    status: () => status,
    api: () => ({ url: null, key: null, error: null }),
    settings: () => settings,
    view: view.get,
    offerInvite: vi.fn(),
    onView: view.onChange,
    onStatus(listener) {
      statusListeners.add(listener)
      return () => void statusListeners.delete(listener)
    },
    onSettings(listener) {
      settingsListeners.add(listener)
      return () => void settingsListeners.delete(listener)
    },
    onLog: () => () => undefined,
    onToken: () => () => undefined,
    onRoute: () => () => undefined,
    onEnd: () => () => undefined,
    onHost: () => () => undefined,
    onMeter: () => () => undefined,
    start: vi.fn(async () => undefined),
    resumeHosting: vi.fn(async () => undefined),
    stop: vi.fn(async () => undefined),
    holdBack: vi.fn(),
    sleep: vi.fn(async () => undefined),
    wake: vi.fn(),
    dispose: vi.fn(async () => undefined),
  } satisfies App
  const written: { level: string; code: string; message: string }[] = []
  const log: EventLog = {
    write: (level, code, message) => void written.push({ level, code, message }),
    subscribe: () => () => undefined,
    close: async () => undefined,
  }
  return {
    app,
    view,
    log,
    written,
    say(next: NodeStatus): void {
      status = next
      for (const listener of statusListeners) listener(next)
    },
    change(next: Partial<Settings>): void {
      settings = { ...settings, ...next }
      for (const listener of settingsListeners) listener(settings)
    },
  }
}
