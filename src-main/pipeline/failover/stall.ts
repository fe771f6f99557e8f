import type { StageProgress } from '../frames'

/** Where a session does not go on, and who says so. */
export interface Stall {
  /** Index of the stage that holds it up. */
  readonly stage: number
  /** Index of the one before it, where it is one's word against the other's; null where nobody else can be meant. */
  readonly teller: number | null
  readonly words: string
  /** Rows that may be on their way to it. */
  readonly rowsOnWay?: number
}

/** What the entry knows of its own. */
export interface Outgoing {
  /** Rows that went to the first stage. */
  readonly sentRows: number
  /** Index of the stage that the entry itself waits for; null for the answer. */
  readonly heldUpBy: number | null
}

/**
 * Finds out which stage a silent session waits for. Each stage says what of the session it received, computed and passed
 * on; null for one that does not say. From the end: a stage that can't pass on waits for those behind it, so the last one
 * with work of its own is the one. What one says it passed on and the next says it never got is for both to answer for.
 * Null where nothing tells.
 */
export function findStall(reports: readonly (StageProgress | null)[], { sentRows, heldUpBy }: Outgoing): Stall | null {
  const last = reports.length - 1
  for (let stage = last; stage >= 0; stage--) {
    const report = reports[stage]
    if (!report) continue
    const { received, computed, passed } = report
    if (received > computed) return alone(stage, `it has computed ${computed} of the ${received} rows that it has`)
    if (computed <= passed) continue
    const isOpening = reports[stage + 1]?.stands === 'opening'
    if (stage === last) return alone(stage, 'it has computed the answer and does not send it')
    if (isOpening) return alone(stage + 1, 'it does not open the session')
    const words = `it takes none of the ${computed} rows that are for it`
    // What was passed on may not be there yet either: a line takes more than it delivers at once.
    const there = Math.min(passed, reports[stage + 1]?.received ?? passed)
    return { stage: stage + 1, teller: stage, words, rowsOnWay: computed - there }
  }
  // One that does not say how far it is may wait itself for another one that does not.
  if (heldUpBy !== null && reports[heldUpBy]) return alone(heldUpBy, 'it keeps the session waiting')
  const unopened = reports.findIndex((report) => report !== null && report.stands !== 'open')
  if (unopened >= 0) return whyUnopened(reports, unopened)
  const gap = findGap(reports, sentRows)
  if (gap !== 'none') return gap
  return heldUpBy === null ? alone(last, 'it has computed all rows and gives no answer') : null
}

function whyUnopened(reports: readonly (StageProgress | null)[], stage: number): Stall | null {
  if (reports[stage]?.stands === 'opening') return alone(stage, 'it does not open the session')
  if (stage === 0) return alone(stage, 'it does not know the session')
  if (reports[stage - 1] === null) return null
  return { stage, teller: stage - 1, words: 'it does not know the session' }
}

/** 'none' where the last stage says that it has all of them; null where nobody can tell. */
function findGap(reports: readonly (StageProgress | null)[], sentRows: number): Stall | 'none' | null {
  let passed = sentRows
  /** Null: the entry. */
  let teller: number | null = null
  let isTold = true
  for (const [stage, report] of reports.entries()) {
    if (!report) {
      isTold = false
      continue
    }
    if (report.received < passed) {
      const words = `it has got ${report.received} of the ${passed} rows that were sent to it`
      return isTold ? { stage, teller, words, rowsOnWay: passed - report.received } : null
    }
    passed = report.passed
    teller = stage
    isTold = true
  }
  return isTold ? 'none' : null
}

function alone(stage: number, words: string): Stall {
  return { stage, teller: null, words }
}
