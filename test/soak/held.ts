import { readdirSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Libp2p } from '@libp2p/interface'
import { systemClock } from '../../src-shared/clock'
import type { Sample } from './trend'

const HOST_EVENTS = [
  'connection:close',
  'connection:open',
  'peer:connect',
  'peer:disconnect',
  'peer:discovery',
  'peer:identify',
  'peer:update',
  'self:peer:update',
] as const

/** Longer than a round of records takes. */
const LOOKS = 16
const LOOK_MS = 500

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/**
 * What this process keeps while it runs, and what these hosts do: the least of each figure over some seconds, since
 * looks, rounds of records and dial-backs come and go all the time.
 */
export async function kept(hosts: readonly Libp2p[]): Promise<Sample> {
  let least = held(hosts)
  for (let look = 1; look < LOOKS; look++) {
    await systemClock.sleep(LOOK_MS)
    const now = held(hosts)
    least = Object.fromEntries(Object.entries(least).map(([name, value]) => [name, Math.min(value, now[name] ?? 0)]))
  }
  return least
}

function held(hosts: readonly Libp2p[]): Sample {
  collect()
  const active = process.getActiveResourcesInfo()
  const count = (pattern: RegExp) => active.filter((name) => pattern.test(name)).length
  const connections = hosts.flatMap((host) => host.getConnections())
  return {
    files: process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0,
    handles: count(/Wrap$/),
    timers: count(/^Timeout$/),
    connections: connections.length,
    streams: connections.reduce((sum, { streams }) => sum + streams.length, 0),
    listeners:
      hosts.reduce((sum, host) => sum + HOST_EVENTS.reduce((own, event) => own + host.listenerCount(event), 0), 0) +
      process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    heapMib: process.memoryUsage().heapUsed / 2 ** 20,
    residentMib: process.memoryUsage.rss() / 2 ** 20,
  }
}
