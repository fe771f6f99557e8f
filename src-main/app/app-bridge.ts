import type { Clock } from '../../src-shared/clock'
import { type BridgeServer, createBridgeServer } from '../bridge/server'
import type { EventLog } from '../storage/event-log'
import type { App } from './app-types'

/** A bridge server that answers with this app and tells all of its events; any number of carriers can be added. */
export function createAppBridge(app: App, clock: Clock, log: EventLog): BridgeServer {
  const server = createBridgeServer({
    handlers: app.handlers,
    clock,
    log: (level, message, fields) => log.write(level, 'bridge', message, fields),
  })
  const subscriptions = [
    app.onStatus((status) => server.emit('status', status)),
    app.onSettings((settings) => server.emit('settings', settings)),
    app.onView((view) => server.emit('app', view)),
    app.onLog((lines) => server.emit('log', { lines })),
    app.onToken((payload) => server.emit('generate.token', payload)),
    app.onRoute((payload) => server.emit('generate.route', payload)),
    app.onEnd((payload) => server.emit('generate.end', payload)),
    app.onHost((status) => server.emit('host', status)),
    app.onMeter((event) => server.emit('meter', event)),
  ]
  return {
    ...server,
    dispose() {
      for (const unsubscribe of subscriptions) unsubscribe()
      server.dispose()
    },
  }
}
