import { z } from 'zod'
import { parsePeerAddresses } from '../src-main/network/peer-addresses'
import type { Clock } from '../src-shared/clock'
import type { CoordinatorQueries } from './database/tables'

/** The bootstrap peers of all coordinators of one database: without them each would begin a network of its own. */
export interface SharedBootstraps {
  /** Ours first, then those of the other coordinators, as of the last round. */
  addresses(): readonly string[]
  /** Writes down ours and reads the others'. */
  refresh(): Promise<void>
  /** Ours are not to be named any more. */
  leave(): Promise<void>
}

const MAX_COORDINATORS = 16
const MAX_ADDRESSES = 8
const AddressesSchema = z.array(z.string().max(512)).max(MAX_ADDRESSES)

export function createSharedBootstraps(options: {
  db: CoordinatorQueries
  clock: Clock
  own: () => readonly string[]
  /** A coordinator that was not heard for so long has gone without a word. */
  staleAfterMs: number
  /** Told after every round that found some. */
  onOthers(addresses: readonly string[]): void
}): SharedBootstraps {
  const { clock, db, own, staleAfterMs } = options
  let others: readonly string[] = []
  const ownId = () => peerIdOf(own())
  return {
    addresses: () => [...own(), ...others],
    async refresh() {
      const now = clock.now()
      const peerId = ownId()
      if (peerId !== null) {
        const entry = { addresses: JSON.stringify(own().slice(0, MAX_ADDRESSES)), seen_at: now }
        await db
          .insertInto('bootstrap_peers')
          .values({ peer_id: peerId, ...entry })
          .onConflict((conflict) => conflict.column('peer_id').doUpdateSet(entry))
          .execute()
      }
      await db
        .deleteFrom('bootstrap_peers')
        .where('seen_at', '<', now - staleAfterMs)
        .execute()
      const rows = await db
        .selectFrom('bootstrap_peers')
        .select('addresses')
        .where('peer_id', '!=', peerId ?? '')
        .orderBy('seen_at', 'desc')
        .limit(MAX_COORDINATORS)
        .execute()
      others = rows.flatMap(({ addresses }) => AddressesSchema.safeParse(JSON.parse(addresses)).data ?? [])
      if (others.length > 0) options.onOthers(others)
    },
    async leave() {
      const peerId = ownId()
      if (peerId !== null) await db.deleteFrom('bootstrap_peers').where('peer_id', '=', peerId).execute()
    },
  }
}

function peerIdOf(addresses: readonly string[]): string | null {
  return parsePeerAddresses([...addresses]).valid[0]?.peerId.toString() ?? null
}
