import { randomBytes } from 'node:crypto'
import type { Clock } from '../src-shared/clock'
import type { App } from './app/app'
import { createAppBridge } from './app/app-bridge'
import { startWebCarrier } from './bridge/web-carrier'
import { healthOf } from './health/health-of'
import { createNodeMetrics } from './health/node-metrics'
import { writeSeedMarkers } from './health/seed-markers'
import type { EventLog } from './storage/event-log'

export interface AppUi {
  /** With the operator's token in its fragment: whoever has it may start, stop and generate. */
  readonly url: string
  /** With a token that only looks: for a screen on the wall, or a colleague. */
  readonly readUrl: string
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
  const token = makeToken()
  const server = createAppBridge(app, clock, log)
  const metrics = createNodeMetrics({ log, status: app.status })
  const stopMarking = writeSeedMarkers(log)
  const carrier = await startWebCarrier({
    server,
    rootDir: options.rootDir,
    operatorToken: token,
    readToken: makeToken(),
    port: options.port,
    clock,
    log: (level, message, fields) => log.write(level, 'bridge.web', message, fields),
    health: () => healthOf(app.status()),
    metrics,
  })
  return {
    url: carrier.operatorUrl,
    readUrl: carrier.readUrl ?? carrier.url,
    port: carrier.port,
    token,
    async close() {
      stopMarking()
      metrics.dispose()
      server.dispose()
      await carrier.close()
    },
  }
}

function makeToken(): string {
  return randomBytes(24).toString('base64url')
}
