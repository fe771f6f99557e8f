import type { Evidence, Progress, Step, StepName, StepState } from '../../src-shared/status'
import { formatBytes, formatIn } from '../format'
import { coordinatorWords } from './coordinator'

/** A sentence with the places where an id or a time is set in its own way. */
export type Words = readonly (string | { peer: string } | { ageOf: number })[]

export const STEP_TITLES: Readonly<Record<StepName, Readonly<Record<StepState, string>>>> = {
  connect: {
    idle: 'Connect to the network',
    waiting: 'Waiting for a first peer',
    working: 'Connecting to the network',
    done: 'Connected',
    degraded: 'Connected, but peers went away',
    failed: 'Could not connect',
  },
  register: {
    idle: 'Register with the coordinator',
    waiting: 'Waiting for the coordinator',
    working: 'Registering',
    done: 'Registered',
    degraded: 'Registered, but the coordinator is silent',
    failed: 'Could not register',
  },
  approve: {
    idle: 'Be approved by the host',
    waiting: 'Waiting for approval',
    working: 'Asking for approval',
    done: 'Approved by the host',
    degraded: 'Approved, but not confirmed lately',
    failed: 'Not approved',
  },
  fetch: {
    idle: 'Fetch your blocks',
    waiting: 'Waiting for a source',
    working: 'Fetching your blocks',
    done: 'Fetched and verified',
    degraded: 'Some pieces need fetching again',
    failed: 'The files are not right',
  },
  load: {
    idle: 'Load them',
    waiting: 'Waiting to load',
    working: 'Loading your blocks',
    done: 'Loaded',
    degraded: 'Loaded, but the engine stumbled',
    failed: 'Could not load',
  },
  prove: {
    idle: 'Prove that they run',
    waiting: 'Waiting for the test pass',
    working: 'Running the test pass',
    done: 'Test pass gave the expected answer',
    degraded: 'The last test pass is old',
    failed: 'Test pass gave another answer',
  },
  announce: {
    idle: 'Announce them',
    waiting: 'Waiting to announce',
    working: 'Announcing',
    done: 'Announced',
    degraded: 'Announced, but not kept everywhere',
    failed: 'Nobody kept the announcement',
  },
  visible: {
    idle: 'Be seen by others',
    waiting: 'Waiting to be seen',
    working: 'Asking others whether they see you',
    done: 'Visible',
    degraded: 'Not seen lately',
    failed: 'Nobody can see you',
  },
  serve: {
    idle: 'Serve',
    waiting: 'Ready, waiting for work',
    working: 'Checking the way in',
    done: 'Serving',
    degraded: 'Serving, with trouble',
    failed: 'Could not serve',
  },
}

export function stepTitle({ name, state, blocker }: Pick<Step, 'name' | 'state' | 'blocker'>): string {
  if (blocker?.code === 'FETCH_PAUSED') return 'Fetching is paused'
  return blocker?.code === 'LOAD_AWAITED' ? 'Waiting to be told to load' : STEP_TITLES[name][state]
}

/** Who said what, as a witness would put it; freshness is part of what another peer says. */
export function evidenceWords(step: StepName, { kind, by, at, value }: Evidence): Words {
  const tail = tailOf(value)
  switch (kind) {
    case 'peer':
      // "Answered by … in 3 ms, 1 min ago": how long it took belongs to the answer, not to its age.
      return tail.startsWith(' in ')
        ? [PEER_LEADS[step] ?? 'Said by ', { peer: by }, `${tail}, `, { ageOf: at }]
        : [PEER_LEADS[step] ?? 'Said by ', { peer: by }, ' ', { ageOf: at }, tail]
    case 'coordinator':
      return [coordinatorWords(hostOf(by), value)]
    case 'hash':
      return [`Checked with ${by}`, tail]
    case 'measurement':
      return [`Measured by ${by}`, tail]
  }
}

/** What was seen goes on with the sentence where it can ("dialled back", "in 3 ms"), and follows a colon otherwise. */
function tailOf(value: string): string {
  if (value === '') return ''
  if (value.startsWith('dialled back')) return `, and ${value}`
  return /^(after|at|for|from|in|on|over|through|with) /.test(value) ? ` ${value}` : `: ${value}`
}

const PEER_LEADS: Partial<Readonly<Record<StepName, string>>> = {
  connect: 'Answered by ',
  fetch: 'Sent by ',
  announce: 'Read back from ',
  visible: 'Seen by ',
  serve: 'Reached by ',
}

export function progressWords({ done, total, unit }: Progress): string {
  if (unit === 'bytes') return `${formatBytes(done)} of ${formatBytes(total)}`
  return `${done} of ${total} ${unit}`
}

export function nextWords(next: { what: string; at?: number | undefined }, now: number): string {
  const what = next.what.replace(/\.$/, '')
  return next.at === undefined ? `${what}.` : `${what} ${formatIn(next.at - now)}.`
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url
}
