import { formatBlocks } from '../src-shared/blocks'
import type {
  Evidence,
  NodeStatus,
  PeerSummary,
  Progress,
  StatusShape,
  StepName,
  StepState,
} from '../src-shared/status'
import type { Connection } from './bridge/transport'
import { formatAge, formatBytes, formatIn } from './format'
import type { Generation } from './generation'

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

export const SHAPE_NAMES: Readonly<Record<StatusShape, string>> = {
  visible: 'visible',
  working: 'working',
  waiting: 'waiting',
  degraded: 'degraded',
  problem: 'problem',
  stopped: 'stopped',
}

export const PEER_STATES: Readonly<Record<PeerSummary['state'], { word: string; shape: StatusShape }>> = {
  online: { word: 'Online', shape: 'visible' },
  joining: { word: 'Joining', shape: 'working' },
  offline: { word: 'Offline', shape: 'stopped' },
  unreachable: { word: 'Unreachable', shape: 'problem' },
  unknown: { word: 'Unknown', shape: 'waiting' },
}

const PROFILES: Readonly<Record<string, string>> = {
  local: 'This computer only',
  espalier: 'Espalier network',
  kwaai: 'KwaaiNet',
  petals: 'Petals',
}

export function profileWords(profile: string): string {
  return PROFILES[profile] ?? profile
}

/** Who said what, as a witness would put it; freshness is part of what another peer says. */
export function evidenceWords(step: StepName, { kind, by, at, value }: Evidence): Words {
  const tail = tailOf(value)
  switch (kind) {
    case 'peer':
      return [PEER_LEADS[step] ?? 'Said by ', { peer: by }, ' ', { ageOf: at }, tail]
    case 'coordinator':
      return [`The coordinator at ${hostOf(by)} says so`, tail]
    case 'hash':
      return [`Checked with ${by}`, tail]
    case 'measurement':
      return [`Measured by ${by}`, tail]
  }
}

/** What was seen goes on with the sentence where it can ("and dialled back", "in 3 ms"), and follows a colon otherwise. */
function tailOf(value: string): string {
  if (value === '') return ''
  if (value.startsWith('and ')) return `, ${value}`
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
  return next.at === undefined ? `${next.what}.` : `${next.what} ${formatIn(next.at - now)}.`
}

export interface Hero {
  shape: StatusShape
  headline: string
  sentence: string
}

/** While the page has no contact, the node's own words are old news and are not shown as the state. */
export function connectionHero(connection: Connection, status: NodeStatus | null): Hero {
  switch (connection.state) {
    case 'connecting':
      return { shape: 'working', headline: 'Connecting to the node', sentence: 'This takes a moment.' }
    case 'open':
      return {
        shape: 'working',
        headline: 'Reading the node’s state',
        sentence: 'The connection stands; the first snapshot is on its way.',
      }
    case 'retrying':
      return status
        ? {
            shape: 'waiting',
            headline: 'No contact with the node',
            sentence: 'It may have stopped, or may be starting again. What stands below is the last that was heard.',
          }
        : {
            shape: 'waiting',
            headline: 'The node does not answer',
            sentence:
              'Nothing listens at this address yet. Start the node on its computer; this page then opens by itself.',
          }
    case 'refused':
      return connection.why === 'no-token'
        ? {
            shape: 'problem',
            headline: 'This page needs the node’s link',
            sentence:
              'The link that the node prints when it starts holds a key. Open that one; the bare address is not enough.',
          }
        : {
            shape: 'problem',
            headline: 'This link is not valid here',
            sentence: 'The node does not know its key. Open the link that the node printed when it last started.',
          }
  }
}

export function retryWords(connection: Connection, receivedAt: number | null, now: number): string | null {
  if (connection.state !== 'retrying') return null
  const again = `Trying again ${formatIn(connection.retryAt - now)}.`
  return receivedAt === null ? again : `Last news ${formatAge(now - receivedAt)}. ${again}`
}

/** Why no prompt can be sent now; null when one can. */
export function whyNoPrompt(status: NodeStatus): string | null {
  if (status.phase === 'stopped') return 'Start the node first: your prompt travels through it.'
  if (status.phase === 'stopping') return 'The node is stopping.'
  if (status.model === null) return 'No model yet: it comes with the host’s approval.'
  const gaps = gapsOf(status.coverage)
  if (status.coverage.length === 0) return 'Not known yet who serves which block.'
  if (gaps.length > 0)
    return `No answer can pass yet: ${blockWords(gaps)} ${gaps.length === 1 && isSingle(gaps[0]) ? 'is' : 'are'} served by nobody.`
  return null
}

export const PRIVACY_LINE = 'Every node on the route can read the prompt and the answer.'
export const SAMPLE_MODEL_LINE = 'A small sample model writes here, for show. Rely on nothing that it says.'
export const DEMO_LINE = 'This node can’t leave this computer; nobody outside can see or use it.'

export const GENERATION_STATES: Readonly<Record<Generation['state'], string>> = {
  starting: 'Asking for a route…',
  streaming: 'Writing…',
  stopping: 'Stopping…',
  done: 'Complete',
  stopped: 'Stopped by you',
  failed: 'Did not finish',
}

interface Range {
  start: number
  end: number
}

function isSingle(range: Range | undefined): boolean {
  return range !== undefined && range.end - range.start === 1
}

export function gapsOf(coverage: readonly number[]): Range[] {
  return runsOf(coverage, (copies) => copies === 0).filter(({ value }) => value)
}

function runsOf<V>(coverage: readonly number[], keyOf: (copies: number, block: number) => V) {
  const runs: (Range & { value: V })[] = []
  coverage.forEach((copies, block) => {
    const value = keyOf(copies, block)
    const last = runs.at(-1)
    if (last && last.value === value) last.end = block + 1
    else runs.push({ start: block, end: block + 1, value })
  })
  return runs
}

export function blockWords(ranges: readonly Range[]): string {
  const plural = ranges.length > 1 || !isSingle(ranges[0])
  return `${plural ? 'blocks' : 'block'} ${ranges.map(formatBlocks).join(', ')}`
}

/** The strip's headline: is the chain whole, and how thin is it at its thinnest? */
export function coverageWords(coverage: readonly number[]): string {
  if (coverage.length === 0) return 'Not known yet who serves which block'
  const gaps = gapsOf(coverage)
  if (gaps.length > 0) return `Nobody serves ${blockWords(gaps)} yet`
  const least = Math.min(...coverage)
  return least === 1 ? 'Every block has at least one copy' : `Every block has ${least} or more copies`
}

/** The whole strip in words, for those who do not see it: runs of equal blocks, ours named. */
export function stripWords(coverage: readonly number[], own: Range | null): string[] {
  const isOwn = (block: number) => own !== null && block >= own.start && block < own.end
  return runsOf(coverage, (copies, block) => `${copies}/${isOwn(block)}`).map((run) => {
    const copies = coverage[run.start] ?? 0
    return `${capitalize(blockWords([run]))}${isOwn(run.start) ? ', yours' : ''}: ${copyWords(copies)}.`
  })
}

export function copyWords(copies: number): string {
  if (copies === 0) return 'served by nobody'
  return copies === 1 ? '1 copy' : `${copies} copies`
}

export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url
}
