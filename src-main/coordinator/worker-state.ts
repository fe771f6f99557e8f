import type { BlockRange } from '../../src-shared/blocks'

export const WORKER_STATES = [
  'unregistered',
  'registering',
  'pending',
  'approved_loading',
  'online',
  'standby',
  'rejected',
  'draining',
  'stopped',
] as const
export type WorkerStateName = (typeof WORKER_STATES)[number]

/** Blocks `range` of the model with this name. */
export interface Assignment {
  readonly model: string
  readonly range: BlockRange
}

/** What the coordinator has decided, folded from its three vocabularies. */
export type Verdict =
  | { kind: 'pending' | 'standby' | 'rejected' }
  | { kind: 'assigned'; assignment: Assignment }
  /** Says nothing about approval: it holds us for offline, or uses a word we don't know (`word`). */
  | { kind: 'undecided'; word: string; isKnownWord: boolean }

export interface WorkerState {
  readonly name: WorkerStateName
  /** What the coordinator wants served. Kept while registering again, so that the shard stays. */
  readonly assignment: Assignment | null
  /** What is loaded and proven here, whatever the coordinator says. */
  readonly loaded: Assignment | null
  /** The coordinator's last word that we don't know, until it says one that we do. */
  readonly unknownWord: string | null
}

export type WorkerEvent =
  | { type: 'start' }
  | { type: 'verdict'; verdict: Verdict }
  /** The coordinator does not know our id: it lost its state, or somebody removed us. */
  | { type: 'unknown-worker' }
  | { type: 'loaded'; assignment: Assignment }
  | { type: 'unloaded' }
  /** A person asked to be considered again. */
  | { type: 'reapply' }
  | { type: 'stop' }
  | { type: 'stopped' }

export const INITIAL_WORKER_STATE: WorkerState = {
  name: 'unregistered',
  assignment: null,
  loaded: null,
  unknownWord: null,
}

/** In these states the coordinator has heard of us and its verdicts count. */
const HEARD: readonly WorkerStateName[] = [
  'registering',
  'pending',
  'approved_loading',
  'online',
  'standby',
  'rejected',
]

/**
 * Which word wins when a reply contradicts itself; the first line that fits decides:
 *
 * | status                | is_idle | layers | verdict   |
 * |-----------------------|---------|--------|-----------|
 * | rejected              | any     | any    | rejected  |
 * | pending               | any     | any    | pending: layers beside it are a plan, not an approval |
 * | offline, unknown word | any     | any    | undecided: nothing changes |
 * | standby               | any     | any    | standby   |
 * | online                | true    | any    | standby   |
 * | online                | else    | none   | standby: approved without layers |
 * | online                | else    | some   | assigned  |
 */
export function verdictOf(said: { status: string; isIdle: boolean | null; assignment: Assignment | null }): Verdict {
  switch (said.status) {
    case 'rejected':
    case 'pending':
    case 'standby':
      return { kind: said.status }
    case 'offline':
      return { kind: 'undecided', word: said.status, isKnownWord: true }
    case 'online':
      return said.isIdle === true || said.assignment === null
        ? { kind: 'standby' }
        : { kind: 'assigned', assignment: said.assignment }
    default:
      return { kind: 'undecided', word: said.status, isKnownWord: false }
  }
}

/** The next state. Events that mean nothing in a state leave it as it is. */
export function nextWorkerState(state: WorkerState, event: WorkerEvent): WorkerState {
  switch (event.type) {
    case 'start':
      return state.name === 'unregistered' || state.name === 'stopped'
        ? { ...state, name: 'registering', assignment: null, unknownWord: null }
        : state
    case 'verdict':
      return HEARD.includes(state.name) ? afterVerdict(state, event.verdict) : state
    case 'unknown-worker':
      return HEARD.includes(state.name) ? { ...state, name: 'registering', unknownWord: null } : state
    case 'loaded': {
      const loaded = { ...state, loaded: event.assignment }
      return isServing(state) ? { ...loaded, name: servingName(loaded) } : loaded
    }
    case 'unloaded':
      return { ...state, loaded: null, name: state.name === 'online' ? 'approved_loading' : state.name }
    case 'reapply':
      return state.name === 'rejected' ? { ...state, name: 'registering' } : state
    case 'stop':
      // A proof does not outlive the run that made it.
      if (state.name === 'unregistered') return { ...state, name: 'stopped', loaded: null }
      return state.name === 'stopped' ? state : { ...state, name: 'draining', assignment: null, loaded: null }
    case 'stopped':
      return state.name === 'draining' ? { ...state, name: 'stopped', unknownWord: null } : state
  }
}

export function sameAssignment(a: Assignment | null, b: Assignment | null): boolean {
  if (a === null || b === null) return a === b
  return a.model === b.model && a.range.start === b.range.start && a.range.end === b.range.end
}

function afterVerdict(state: WorkerState, verdict: Verdict): WorkerState {
  switch (verdict.kind) {
    case 'assigned': {
      const next = { ...state, assignment: verdict.assignment, unknownWord: null }
      return { ...next, name: servingName(next) }
    }
    case 'pending':
    case 'standby':
    case 'rejected':
      return { ...state, name: verdict.kind, assignment: null, unknownWord: null }
    case 'undecided': {
      const next = { ...state, unknownWord: verdict.isKnownWord ? state.unknownWord : verdict.word }
      // A registration was accepted all the same; without a decision it waits like any other.
      return state.name === 'registering' ? { ...next, name: 'pending', assignment: null } : next
    }
  }
}

function isServing(state: WorkerState): boolean {
  return state.name === 'approved_loading' || state.name === 'online'
}

function servingName(state: WorkerState): 'online' | 'approved_loading' {
  return state.assignment !== null && sameAssignment(state.assignment, state.loaded) ? 'online' : 'approved_loading'
}
