import { type BlockRange, blocksInWords } from '../../../src-shared/blocks'
import type { Clock } from '../../../src-shared/clock'
import { EspalierError } from '../../../src-shared/errors'
import type { ShardReplyBody } from './command-wire'

/** What LOAD_SHARD needs to know of the node that received it. */
export interface LoadingNode {
  /** What is assigned here; null: nothing. */
  target(): { root: string; range: BlockRange } | null
  isLoaded(): boolean
  /** Null: no bytes are being fetched. */
  fetching(): { done: number; total: number } | null
  /** Begins, or begins again after a failure; does nothing while it is under way. */
  load(): void
  /** Ends what is under way. */
  cancel(): void
  /** An issuer speaks of blocks that are not ours, as far as we know: time to ask the coordinator. */
  onUnknownBlocks?(): void
}

export interface LoadRequest {
  id: string
  peer: string
  root: string
  range: BlockRange
}

/** What happened to commands here, for the diagnosis of "who is waiting for whom". */
export interface LoadHistory {
  lastLoadAt: number | null
  lastLoadBy: string | null
  lastRefusal: { code: string; at: number } | null
}

export interface LoadRequests {
  /** Throws COMMAND_NOT_ALLOWED, SHARD_NOT_ASSIGNED, MODEL_NOT_SERVED: four refusals that say which. */
  load(request: LoadRequest): ShardReplyBody
  /** Only who asked may take back. Throws COMMAND_NOT_ALLOWED. */
  cancel(peer: string, requestId: string): ShardReplyBody
  history(): LoadHistory
}

const MAX_REMEMBERED = 64

export function createLoadRequests(options: {
  node: LoadingNode
  /** The coordinator's peers, as its own API named them, and this node itself: its owner speaks through it. */
  isIssuer: (peer: string) => boolean
  clock: Clock
}): LoadRequests {
  const { node, isIssuer, clock } = options
  const asked = new Map<string, string>()
  const history: LoadHistory = { lastLoadAt: null, lastLoadBy: null, lastRefusal: null }

  function check({ peer, root, range }: LoadRequest): void {
    if (!isIssuer(peer)) throw new EspalierError('COMMAND_NOT_ALLOWED', `LOAD_SHARD from ${peer}`)
    const target = node.target()
    const isOurs = target?.root === root && target.range.start === range.start && target.range.end === range.end
    if (!isOurs) node.onUnknownBlocks?.()
    if (target && target.root !== root) throw new EspalierError('MODEL_NOT_SERVED', `root ${root.slice(0, 16)}…`)
    if (!isOurs) throw new EspalierError('SHARD_NOT_ASSIGNED', blocksInWords(range))
  }

  return {
    load(request) {
      try {
        check(request)
      } catch (error) {
        if (error instanceof EspalierError) history.lastRefusal = { code: error.code, at: clock.now() }
        throw error
      }
      history.lastLoadAt = clock.now()
      history.lastLoadBy = request.peer
      if (asked.size >= MAX_REMEMBERED) asked.delete(asked.keys().next().value ?? '')
      asked.set(request.id, request.peer)
      if (node.isLoaded()) return { status: 'already_loaded' }
      node.load()
      const bytes = node.fetching()
      return bytes ? { status: 'downloading', info_hash: request.root, ...bytes } : { status: 'loading' }
    },
    cancel(peer, requestId) {
      if (asked.get(requestId) !== peer) throw new EspalierError('COMMAND_NOT_ALLOWED', 'a request of somebody else')
      if (!node.isLoaded()) node.cancel()
      return { status: node.isLoaded() ? 'already_loaded' : 'accepted' }
    },
    history: () => ({ ...history }),
  }
}
