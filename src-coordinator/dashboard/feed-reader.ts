import type { Snapshot } from '../../src-dashboard/feed'
import type { Disposer } from '../../src-shared/clock'

export type FeedView = Snapshot['view']

/** One page that listens. The hub never queues for it: a slow reader misses events and then gets everything anew. */
export interface FeedReader {
  readonly view: FeedView
  /** Where it reads from: the IP address, or what stands for one. */
  readonly address: string
  /** The id of the last event that it has; empty for none. */
  readonly lastEventId: string
  /** False: it takes nothing more before `onDrain` is called. */
  write(text: string): boolean
  onDrain(listener: () => void): Disposer
  /** Ends the connection. */
  end(): void
}
