import type { StepName, StepState } from '../../../src-shared/status'
import { formatWhole } from '../../format'

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

/** What a peer did to know it; its name follows. */
export const PEER_LEADS: Partial<Readonly<Record<StepName, string>>> = {
  connect: 'Answered by ',
  fetch: 'Sent by ',
  announce: 'Read back from ',
  visible: 'Seen by ',
  serve: 'Reached by ',
}

export const STEPS = {
  fetchPaused: 'Fetching is paused',
  loadAwaited: 'Waiting to be told to load',
  saidBy: 'Said by ',
  checkedWith: (method: string) => `Checked with ${method}`,
  measuredBy: (what: string) => `Measured by ${what}`,
  dialledBack: (how: string) => `, and dialled back${how}`,
  /** What the node saw goes on with the sentence where it begins so ("in 3 ms"), and follows a colon otherwise. */
  goesOn: /^(after|at|for|from|in|on|over|through|with) /,
  progress: (done: string, total: string) => `${done} of ${total}`,
  fresh: 'What happens when you start',
  past: 'How you got here',
  took: (span: string) => `from Start to visible in ${span}`,
  more: (count: number) => `${formatWhole(count)} more`,
  since: (span: string) => `for ${span}`,
  /** What a step counts, where the node's own English word is not the language's. */
  units: {} as Readonly<Record<string, string>>,
}
