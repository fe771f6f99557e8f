import { randomUUID } from 'node:crypto'
import type { FeedLoad } from '../src-dashboard/feed'
import type { Clock } from '../src-shared/clock'
import { EspalierError, reportOf } from '../src-shared/errors'

export interface LoadedBlocks {
  /** The manifest's Merkle root, which names the model. */
  readonly root: string
  readonly start: number
  /** Half-open. */
  readonly end: number
}

/** What a worker answers to LOAD_SHARD: its own word, and how many bytes it has while it fetches. */
export interface LoadAnswer {
  readonly status: string
  readonly done?: number
  readonly total?: number
}

/** Speaks to workers as the coordinator's peer. Both resolve to a signed reply; a refusal is thrown with its code. */
export interface LoadSender {
  /** `id` names the request, and a later `cancel` of it. */
  load(peerId: string, blocks: LoadedBlocks, how: { id: string; signal: AbortSignal }): Promise<LoadAnswer>
  cancel(peerId: string, id: string): Promise<{ status: string }>
}

export interface LoadTelling {
  readonly view: FeedLoad
  /** Resolves to the worker's answer; null when it was stopped or given up. Never rejects. */
  readonly answered: Promise<LoadAnswer | null>
  /**
   * Tells no more, and takes back what the worker has heard. Resolves to its word; null when it goes on, and `view`
   * says why. Never rejects.
   */
  cancel(): Promise<string | null>
  stop(): void
}

/** A worker that hears of its blocks first asks for its assignment and the manifest, and says no until it has them. */
const RETRY_DELAYS_MS = [250, 500, 1_000, 2_000, 4_000, 8_000]
const ATTEMPTS = RETRY_DELAYS_MS.length + 1

/** Sends LOAD_SHARD to one worker until it is acknowledged, and keeps what came of it. */
export function tellToLoad(options: {
  sender: LoadSender
  peerId: string
  blocks: LoadedBlocks
  /** The host has asked for it, just now. */
  isAsked: boolean
  clock: Clock
  onChange(): void
}): LoadTelling {
  const { sender, peerId, blocks, clock } = options
  const ending = new AbortController()
  const { signal } = ending
  let view: FeedLoad = { state: 'sending', attempt: 1, attempts: ATTEMPTS, at: clock.now(), isAsked: options.isAsked }
  /** Of the last request that went out. */
  let sentId: string = randomUUID()

  function become(next: Pick<FeedLoad, 'state'> & Partial<FeedLoad>): void {
    const { attempt, attempts, isAsked } = view
    view = { attempt, attempts, isAsked, ...next, at: clock.now() }
    options.onChange()
  }

  async function run(): Promise<LoadAnswer | null> {
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await sender.load(peerId, blocks, { id: sentId, signal })
        if (signal.aborted) return null
        const { status, done, total } = answer
        become({
          state: 'answered',
          answer: status,
          ...(done !== undefined && total !== undefined ? { done, total } : {}),
        })
        return answer
      } catch (error) {
        if (signal.aborted) return null
        const delayMs = RETRY_DELAYS_MS[attempt - 1]
        if (delayMs === undefined) {
          become({ state: 'refused', trouble: reportOf(error) })
          return null
        }
        await clock.sleep(delayMs, signal).catch(() => undefined)
        if (signal.aborted) return null
        // An answer is kept under its id, a refusal too.
        sentId = randomUUID()
        become({ state: 'sending', attempt: attempt + 1, trouble: reportOf(error) })
      }
    }
  }

  const answered = run()
  return {
    get view() {
      return view
    },
    answered,
    async cancel() {
      const wasHeard = view.state === 'answered'
      ending.abort(new EspalierError('CANCELLED'))
      become({ state: 'cancelling' })
      try {
        const { status } = await sender.cancel(peerId, sentId)
        if (status === 'already_loaded') become({ state: 'answered', answer: status })
        else become({ state: 'cancelled' })
        return status
      } catch (error) {
        // Who has never said yes has nothing to take back.
        if (!wasHeard) {
          become({ state: 'cancelled' })
          return 'not begun'
        }
        become({ state: 'uncancelled', trouble: reportOf(error) })
        return null
      }
    },
    stop: () => ending.abort(new EspalierError('CANCELLED')),
  }
}
