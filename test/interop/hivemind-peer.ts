import { z } from 'zod'
import { type LinePeer, startLinePeer } from './line-peer'

/** Names an interpreter that has hivemind and Petals; empty: these tests are skipped. `npm run test:interop` sets it. */
export const PYTHON = process.env.ESPALIER_HIVEMIND_PYTHON ?? ''

const SCRIPT = new URL('hivemind/peer.py', import.meta.url).pathname

const ReadySchema = z.object({
  peer: z.string(),
  addresses: z.array(z.string()),
  hivemind: z.string(),
  petals: z.string().nullable(),
  python: z.string(),
  /** Packages that are not there and not needed either. */
  standIns: z.array(z.string()),
})
/** By block and by server: the fields as Petals' own reader has them. */
export const ServersSchema = z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown())))

export type HivemindPeer = LinePeer<z.infer<typeof ReadySchema>>

/** A node of hivemind's DHT. @param args multiaddrs of its initial peers; `--client` for one that serves nothing */
export function startHivemindPeer(...args: readonly string[]): Promise<HivemindPeer> {
  return startLinePeer(PYTHON, [SCRIPT, ...args], ReadySchema)
}

export function versionsOf({ ready }: HivemindPeer): string {
  const { petals, hivemind, python, standIns } = ready
  const without = standIns.length > 0 ? `, without ${standIns.join(', ')}` : ''
  return `hivemind ${hivemind}, Petals ${petals ?? 'not installed'}, Python ${python}${without}`
}
