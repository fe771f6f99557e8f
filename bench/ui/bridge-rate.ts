import { setTimeout as wait } from 'node:timers/promises'
import { createLogBook } from '../../src-main/app/log-book'
import { createBridgeServer } from '../../src-main/bridge/server'
import { stillHandlers } from '../../src-main/bridge/testing/still-handlers'
import { createEventLog } from '../../src-main/storage/event-log'
import { systemClock } from '../../src-shared/clock'
import type { EventName } from '../../src-shared/contract-names'
import { type Row, rowOf } from '../report'

const LIMIT_PER_SECOND = 10

/** How many messages a second leave the bridge, by topic, while everything changes a thousand times a second. */
export async function bridgeRate(seconds: number): Promise<Row> {
  const handlers = stillHandlers()
  const server = createBridgeServer({ handlers, clock: systemClock, log: () => undefined })
  const log = createEventLog(systemClock, null)
  const book = createLogBook(log, systemClock)
  const unsubscribe = book.onLines((lines) => server.emit('log', { lines }))
  const counts = new Map<EventName, number>()
  server.addSink((event) => counts.set(event, (counts.get(event) ?? 0) + 1))
  const [status, settings, app, host] = [
    await handlers['status.get']({}),
    await handlers['settings.get']({}),
    await handlers['app.get']({}),
    await handlers['host.get']({}),
  ]
  const startedAt = performance.now()
  let changes = 0
  while (performance.now() - startedAt < seconds * 1000) {
    server.emit('status', { ...status, revision: changes })
    server.emit('settings', settings)
    server.emit('app', app)
    server.emit('host', host)
    server.emit('generate.token', { generationId: 'g', text: 'word ' })
    log.write('info', 'bench', `change ${changes}`)
    changes += 1
    await wait(1)
  }
  const tookS = (performance.now() - startedAt) / 1000
  const rates = [...counts].map(([topic, count]) => ({ topic, perSecond: count / tookS }))
  unsubscribe()
  book.dispose()
  server.dispose()
  await log.close()
  const words = rates.map(({ topic, perSecond }) => `${topic} ${perSecond.toFixed(1)}`).join(', ')
  return rowOf(
    {
      name: 'bridge-messages',
      ours: Math.max(...rates.map(({ perSecond }) => perSecond)),
      reference: LIMIT_PER_SECOND,
      referenceIs: 'the limit',
      unit: 'messages a second and topic',
      better: 'lower',
      // The first message leaves at once, which in a short run counts as a share of one.
      target: 1 + 1 / (LIMIT_PER_SECOND * seconds),
      detail: `${(changes / tookS).toFixed(0)} changes a second of each topic for ${seconds} s: ${words}`,
    },
    rates.length === 6,
  )
}
