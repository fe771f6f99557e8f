import type { OpenBody, StageProgress } from './frames'
import type { KeptStates } from './keeping/keeping'
import type { Link } from './links'
import type { PlaceHolder } from './places'
import type { StageRunner } from './stage-runner'
import type { StepWindow } from './step-window'

/** A session of another peer that runs through our slice. Steps of it run one after the other. */
export interface StageSession extends PlaceHolder {
  readonly id: string
  /** As it was opened; the route changes with a replaced neighbour. */
  open: OpenBody
  readonly runner: StageRunner
  readonly sequence: number
  /** Null while a replacement of the stage before us is awaited. */
  upstream: Link | null
  /** The next stage; for the last stage, the entry. */
  next: Promise<Link>
  /** The same once it is there: a token need not wait for a promise. */
  nextLink: Link | null
  /** Chunks of a prompt that are with the next stage. */
  window: StepWindow
  idleSinceMs: number | null
  patienceMs: number
  waiting: SessionWork[]
  position: number
  /** Up to where its rows, or what came of them, are with another peer. */
  servedRows: number
  /** What its entry is told when it asks how far the session is. */
  readonly progress: StageProgress
  hasAnswered: boolean
  /** Its rows are with the engine, or wait for it: that is no rest, however long it takes. */
  isComputing: boolean
  usedAtMs: number
  ended: boolean
  /** What losing a neighbour needs; null in a session that ends with it. */
  readonly mending: StageMending | null
}

/** What waits for its turn. */
export interface SessionWork {
  run(): Promise<void>
  /** Bytes that it holds: of the rows of a step; 0 for what is no step. */
  readonly sizeBytes: number
}

export interface StageMending {
  /** What we sent on; null on a last stage. */
  readonly kept: KeptStates | null
  /** There is no next stage: what we compute is kept and not sent. */
  isParted: boolean
  /** The next stage that the entry was told to be lost. */
  lost: string | null
  /** Since when a neighbour is missing. */
  heldSinceMs: number | null
  /** Who may go on in the place of the stage before us. */
  awaited: string | null
  /** Ends the wait for a neighbour that may never listen again. */
  stopWaiting: ((error: Error) => void) | null
  /** The replacement of the next stage says that it is there. */
  onNextOpened: (() => void) | null
  /** Names the newest attempt to fill a replacement; older ones give way. */
  attempt: object
  attempts: number
}

export function newMending(kept: KeptStates | null): StageMending {
  return {
    ...{ kept, isParted: false, lost: null, heldSinceMs: null, awaited: null },
    ...{ stopWaiting: null, onNextOpened: null, attempt: {}, attempts: 0 },
  }
}
