/** What happens to a shard, as the runbook's operators look for it in their windows. */
export type ShardStory =
  | { what: 'found'; shard: string; path: string }
  | { what: 'not-found'; shard: string }
  | { what: 'requested'; shard: string }
  | { what: 'starting'; shard: string }
  /** `isLocal`: from files that were on this computer; the runbook has no line for the other case, so it says less. */
  | { what: 'loaded'; shard: string; isLocal: boolean }
  | { what: 'not-local'; shard: string }
  | { what: 'fetching' }
  /** `peers`: how many acknowledged it, not how many it was sent to. */
  | { what: 'broadcast'; shard: string; peers: number }

/** The runbook's own lines (S-43), word for word. */
export function seedLines(story: ShardStory): string[] {
  switch (story.what) {
    case 'found':
      return [
        `[SHARD] ✓✓✓ SHARD ${story.shard} LOADED BEFORE JOINING NETWORK ✓✓✓`,
        `[SHARD]   Path: ${story.path}`,
        '[SHARD]   Shard will be available for inference immediately',
      ]
    case 'not-found':
      return [
        `[SHARD] ⚠️  ASSIGNED SHARD ${story.shard} NOT FOUND LOCALLY ⚠️`,
        '[SHARD]   Node will join the network and download shard when LOAD_SHARD command is received.',
      ]
    case 'requested':
      return [`[LOAD_SHARD] Request to load shard ${story.shard}`]
    case 'starting':
      return [`[LOAD_SHARD] 🔄 Starting shard ${story.shard} load process...`]
    case 'loaded':
      return [
        `[LOAD_SHARD] ✓✓✓ Shard ${story.shard} loaded successfully${story.isLocal ? ' from local directory' : ''} ✓✓✓`,
      ]
    case 'not-local':
      return [`[LOAD_SHARD] ⚠️  Shard ${story.shard} not found locally`]
    case 'fetching':
      return ['[LOAD_SHARD] 📥 Starting torrent download from peer...']
    case 'broadcast':
      return [`[SHARD_LOADED] 📢 Broadcasting shard ${story.shard} loaded to ${story.peers} peers...`]
  }
}
