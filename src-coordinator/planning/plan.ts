import type { BlockRange } from '../../src-shared/blocks'
import { chooseBlocks, coverageOf, isCut } from './assign-blocks'
import { coverGaps } from './cover-gaps'
import { findMove } from './find-move'

/** A live, approved worker, as the planner sees it. */
export interface PlannedWorker {
  workerId: string
  /** The blocks that it has now. */
  range: BlockRange | null
  /** The most blocks that it can hold; null when neither its memory nor its wish is known. */
  maxBlocks: number | null
  /** Measured single-token steps per second and block; 1 for all where nobody has measured. */
  speed: number
  /** It says itself that its blocks are loaded and proven. */
  isServing: boolean
  /** When it got its blocks, milliseconds. */
  assignedAt: number
}

export interface PlanningRules {
  blockCount: number
  period: number
  targetWorkers: number
  maxReplicas: number
}

export interface AssignmentChange {
  workerId: string
  kind: 'assigned' | 'moved' | 'standby'
  range: BlockRange | null
  /** A sentence for people. */
  reason: string
}

export interface PlanOptions {
  /** Blocks have been without a server for long enough that workers take more than their share. */
  closeGaps: boolean
  /** Nothing moves for speed alone that got its blocks after this, milliseconds. */
  movableIfAssignedBefore: number
}

/**
 * What should change, in order: blocks that the model cannot have are taken back, workers without blocks get the
 * weakest, gaps are closed, and at most one worker moves because it clearly helps. Pure: same input, same plan.
 */
export function plan(
  workers: readonly PlannedWorker[],
  rules: PlanningRules,
  options: PlanOptions,
): AssignmentChange[] {
  const changes = new Map<string, AssignmentChange>()
  const note = (change: AssignmentChange) => void changes.set(change.workerId, change)
  const now = new Map<string, PlannedWorker>(workers.map((worker) => [worker.workerId, { ...worker }]))
  const give = (workerId: string, range: BlockRange | null) => {
    const worker = now.get(workerId)
    if (worker) now.set(workerId, { ...worker, range, isServing: false })
  }

  for (const worker of workers) {
    if (worker.range && !fits(worker, worker.range, rules)) give(worker.workerId, null)
  }
  // The able first: they get the long gaps, and what is left suits the small.
  const waiting = [...now.values()]
    .filter(({ range }) => range === null)
    .sort((a, b) => (b.maxBlocks ?? 0) - (a.maxBlocks ?? 0) || b.speed - a.speed || compareIds(a, b))
  for (const worker of waiting) {
    const { range, reason } = chooseFor(worker, [...now.values()], rules)
    give(worker.workerId, range)
    note({ workerId: worker.workerId, kind: range ? 'assigned' : 'standby', range, reason })
  }

  if (options.closeGaps) {
    for (const { workerId, range, reason } of coverGaps([...now.values()], rules)) {
      const had = workers.find((worker) => worker.workerId === workerId)?.range
      give(workerId, range)
      note({ workerId, kind: had ? 'moved' : 'assigned', range, reason })
    }
  }
  if (changes.size === 0) {
    const move = findMove(workers, rules, options.movableIfAssignedBefore)
    if (move) note(move)
  }
  return [...changes.values()]
}

/** What a worker without blocks should get beside `others` (itself, if in the list, is left out). */
export function chooseFor(worker: PlannedWorker, others: readonly PlannedWorker[], rules: PlanningRules) {
  const live = others.flatMap((other) =>
    other.range && other.workerId !== worker.workerId ? [{ ...other.range, speed: other.speed }] : [],
  )
  return chooseBlocks({ ...rules, live, maxBlocks: worker.maxBlocks })
}

/** Whether some block of the model has nobody. */
export function hasGap(workers: readonly PlannedWorker[], { blockCount }: PlanningRules): boolean {
  const ranges = workers.flatMap(({ range }) => (range ? [range] : []))
  return coverageOf(blockCount, ranges).includes(0)
}

function fits({ maxBlocks }: PlannedWorker, range: BlockRange, { blockCount, period }: PlanningRules): boolean {
  return isCut(range, blockCount, period) && range.end - range.start <= (maxBlocks ?? blockCount)
}

export function compareIds(a: PlannedWorker, b: PlannedWorker): number {
  return a.workerId < b.workerId ? -1 : 1
}
