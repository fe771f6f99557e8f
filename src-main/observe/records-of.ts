import type { PeerId } from '@libp2p/interface'
import type { Clock } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import type { HivemindDht } from '../hivemind/dht'
import { notOk } from './dial-back'
import type { FormFindings } from './witness-wire'

/** More of those who should have a record are not asked: each costs a call. */
const MAX_HOLDERS = 12

/**
 * How many of a peer's hivemind records others have: at first those at hand, `thirds`; then, as they need not be the
 * ones that keep a record in a network larger than its replicas, those nearest to what is missing. The subject's own
 * word never counts. Our own store is asked where nobody else has anything, and the finding says so. Never rejects.
 */
export async function recordsOf(options: {
  dht: Pick<HivemindDht, 'findAt' | 'readLocal' | 'nearest'>
  subject: PeerId
  self: PeerId
  keys: readonly string[]
  thirds: readonly PeerId[]
  clock: Pick<Clock, 'now'>
  signal: AbortSignal
}): Promise<FormFindings['records']> {
  const { dht, subject, self, keys, thirds, clock, signal } = options
  const live = new Map<string, number>()
  const failures: string[] = []
  let most: { reader: PeerId; count: number } | null = null
  const missing = () => keys.filter((key) => !live.has(key))

  async function readFrom(reader: PeerId): Promise<void> {
    const asked = missing()
    try {
      const values = reader.equals(self) ? dht.readLocal(asked) : await dht.findAt(reader, asked, { signal })
      let count = 0
      for (const key of asked) {
        const value = values.get(key)
        const entry = value?.kind === 'dictionary' ? value.entries.get(subject.toString()) : undefined
        if (!entry || entry.expirationS * 1000 <= clock.now()) continue
        live.set(key, entry.expirationS)
        count++
      }
      if (count === 0) failures.push(`${reader} has none of ${asked.length} records`)
      else if (count > (most?.count ?? 0)) most = { reader, count }
    } catch (error) {
      failures.push(`${reader} (${messageOf(error)})`)
    }
  }

  async function readFromAll(readers: readonly PeerId[]): Promise<void> {
    for (const reader of readers) {
      if (live.size === keys.length || signal.aborted) return
      await readFrom(reader)
    }
  }

  await readFromAll(thirds)
  if (live.size < keys.length) {
    const left = [subject, self, ...thirds]
    const nearest = await dht.nearest(missing(), { signal }).catch(() => [])
    await readFromAll(nearest.filter((peer) => !left.some((one) => one.equals(peer))).slice(0, MAX_HOLDERS))
  }
  if (live.size === 0) await readFrom(self)
  // Set in a function that the compiler does not follow.
  const best = most as { reader: PeerId; count: number } | null
  if (!best) return notOk(failures.join('; '))
  return {
    ok: true,
    readFrom: best.reader.toString(),
    found: live.size,
    asked: keys.length,
    expiresAt: Math.min(...live.values()) * 1000,
  }
}
