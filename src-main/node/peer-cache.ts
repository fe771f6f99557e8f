import * as z from 'zod'

/** As many as are worth a try when everybody else is gone. */
export const MAX_CACHED_PEERS = 50

export const PeerCacheSchema = z.object({
  /** Multiaddrs with peer ids that we were connected to, the newest first. */
  peers: z.array(z.object({ address: z.string().max(512), at: z.number() })).max(MAX_CACHED_PEERS),
})
export type PeerCacheFile = z.output<typeof PeerCacheSchema>

export interface PeerCache {
  load(): Promise<string[]>
  /** Puts those that answer now before those that answered earlier. */
  note(addresses: readonly string[], at: number): Promise<void>
}

/** The last peers that were good, so that a node finds its network again without its coordinator (C-38). */
export function createPeerCache(file: {
  load(): Promise<PeerCacheFile | null>
  save(cache: PeerCacheFile): Promise<void>
}): PeerCache {
  let known: PeerCacheFile['peers'] | null = null
  const read = async () => {
    known ??= (await file.load())?.peers ?? []
    return known
  }
  return {
    load: async () => (await read()).map(({ address }) => address),
    async note(addresses, at) {
      const before = await read()
      const fresh = [...new Set(addresses)].filter((address) => address.length <= 512)
      const isNews = fresh.some((address) => !before.some((peer) => peer.address === address))
      known = [
        ...fresh.map((address) => ({ address, at })),
        ...before.filter(({ address }) => !fresh.includes(address)),
      ].slice(0, MAX_CACHED_PEERS)
      // A new order alone is not worth a write to disk every minute.
      if (isNews) await file.save({ peers: known })
    },
  }
}
