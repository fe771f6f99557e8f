import type { BlockRange } from '../../src-shared/blocks'
import type { ErrorReport } from '../../src-shared/errors'
import type { Evidence } from '../../src-shared/status'
import type { WorkerAnswer } from './coordinator-wire'
import { sameAssignment, type WorkerState } from './worker-state'

/** Who decided, when and why, as far as the coordinator says. Empty strings and null where it does not. */
export interface DecisionWords {
  reason: string
  by: string
  /** Milliseconds since the Unix epoch, by the coordinator's clock. */
  at: number | null
}

export interface AssignedBlocks extends DecisionWords {
  range: BlockRange
  model: string
  /** Of the manifest that `api.manifest(model)` gets; null from a coordinator that serves none. */
  manifestSha256: string | null
}

/** What happens on the link. `evidence` is the coordinator's own answer. Times are milliseconds since the epoch. */
export type LinkEvent =
  | { type: 'registered'; status: string; isDemo: boolean | null; evidence: Evidence }
  /** `retryAt` null: trying again is of no use until somebody changes something; see `reapply`. */
  | { type: 'register-failed'; report: ErrorReport; retryAt: number | null }
  /** Raw strings, unchecked, whenever the list changes. */
  | { type: 'initial-peers'; peers: readonly string[]; evidence: Evidence }
  | { type: 'pending'; evidence: Evidence }
  | ({ type: 'approved'; evidence: Evidence } & AssignedBlocks)
  | ({ type: 'assignment-changed'; previous: BlockRange; evidence: Evidence } & AssignedBlocks)
  | ({ type: 'standby'; evidence: Evidence } & DecisionWords)
  | ({ type: 'rejected'; evidence: Evidence } & DecisionWords)
  /** The coordinator used a word for our status that we don't know; nothing else changed. */
  | { type: 'unknown-status'; word: string; evidence: Evidence }
  | { type: 'heartbeat-ok'; at: number; status: string; nextAt: number; evidence: Evidence }
  /** At `deadlineAt` the coordinator will hold us for offline; it may have passed. */
  | { type: 'heartbeat-failed'; report: ErrorReport; deadlineAt: number; retryAt: number }
  /** The coordinator has forgotten us; we register again. */
  | { type: 'forgotten'; report: ErrorReport }
  /** The coordinator at the address is another network's than the one that we knew. Null: it names none. */
  | { type: 'other-network'; known: string | null; found: string | null }
  /** Our memory could not be written; the link goes on, and a crash may cost the tokens of the last beats. */
  | { type: 'memory-failed'; report: ErrorReport }

/** What a verdict changed, as events. */
export function eventsOfAnswer(
  before: WorkerState,
  after: WorkerState,
  answer: WorkerAnswer,
  evidence: Evidence,
): LinkEvent[] {
  const words = answer.decision ?? { reason: '', by: '', at: null }
  const events: LinkEvent[] = []
  if (after.unknownWord !== null && after.unknownWord !== before.unknownWord) {
    events.push({ type: 'unknown-status', word: after.unknownWord, evidence })
  }
  if (after.name !== before.name) {
    if (after.name === 'pending') events.push({ type: 'pending', evidence })
    if (after.name === 'standby') events.push({ type: 'standby', ...words, evidence })
    if (after.name === 'rejected') events.push({ type: 'rejected', ...words, evidence })
  }
  if (after.assignment !== null && !sameAssignment(before.assignment, after.assignment)) {
    const blocks = { ...after.assignment, ...words, manifestSha256: answer.manifestSha256, evidence }
    events.push(
      before.assignment === null
        ? { type: 'approved', ...blocks }
        : { type: 'assignment-changed', previous: before.assignment.range, ...blocks },
    )
  }
  return events
}
