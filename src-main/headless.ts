import { randomBytes } from 'node:crypto'
import type { Clock } from '../src-shared/clock'
import type { App } from './app/app'
import { createAppBridge } from './app/app-bridge'
import { startWebCarrier } from './bridge/web-carrier'
import type { EventLog } from './storage/event-log'

export interface AppUi {
  /** With the operator's token in its fragment: whoever has it may start, stop and generate. */
  readonly url: string
  readonly port: number
  readonly token: string
  close(): Promise<void>
}

/** Serves the page and the bridge of an app on loopback. */
export async function serveUi(options: {
  app: App
  rootDir: string
  /** 0 takes a free one. */
  port: number
  clock: Clock
  log: EventLog
}): Promise<AppUi> {
  const { app, clock, log } = options
  const token = randomBytes(24).toString('base64url')
  const server = createAppBridge(app, clock, log)
  const carrier = await startWebCarrier({
    server,
    rootDir: options.rootDir,
    operatorToken: token,
    port: options.port,
    clock,
    log: (level, message, fields) => log.write(level, 'bridge.web', message, fields),
    health: () => healthOf(app),
  })
  return {
    url: carrier.operatorUrl,
    port: carrier.port,
    token,
    async close() {
      server.dispose()
      await carrier.close()
    },
  }
}

/** 200 only while others see the node; otherwise 503 with the first step that is not done. */
function healthOf(app: App): { status: number; body: unknown } {
  const { phase, shape, headline, steps } = app.status()
  const open = steps.find(({ state }) => state !== 'done')
  const isVisible = phase === 'running' && open === undefined
  const reason = open ? { step: open.name, state: open.state, code: open.blocker?.code ?? null } : null
  return { status: isVisible ? 200 : 503, body: { visible: isVisible, shape, headline, reason } }
}
