import { describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../src-shared/error-catalogue'
import { EspalierError } from '../../src-shared/errors'
import { emptySteps, STEP_NAMES, type Step, type StepName } from '../../src-shared/status'
import { expectedShards, judgeReadiness, type ReplicaSighting } from '../observe/readiness'
import { type BlockerFacts, chooseBlocker } from './blockers'

const NOW = 1_800_000_000_000
const EIGHT = expectedShards(8)

const done = (name: StepName): Step => ({
  name,
  state: 'done',
  startedAt: NOW - 60_000,
  endedAt: NOW - 50_000,
  evidence: [{ kind: 'measurement', by: 'test', at: NOW, value: '' }],
})
const failed = (name: StepName, code: ErrorCode, detail = 'as scripted'): Step => ({
  name,
  state: 'failed',
  startedAt: NOW - 1_000,
  evidence: [],
  blocker: new EspalierError(code, detail).report(),
})

function replica(index: number, change: Partial<ReplicaSighting> = {}): ReplicaSighting {
  return {
    peerId: `peer-${index}`,
    blocks: { start: index, end: index + 1 },
    state: 'online',
    seenAt: NOW - 1_000,
    verifiedAt: NOW - 500,
    trouble: null,
    isSelf: index === 0,
    ...change,
  }
}

/** All is well, but for `steps` (the ones after the last of them have not begun) and the replicas. */
function facts(
  script: {
    steps?: Step[]
    replicas?: (index: number) => ReplicaSighting | null
    change?: Partial<BlockerFacts>
    phase?: BlockerFacts['status']['phase']
  } = {},
): BlockerFacts {
  const { steps = [], replicas = replica, change = {}, phase = 'running' } = script
  const lastScripted = Math.max(-1, ...steps.map(({ name }) => STEP_NAMES.indexOf(name)))
  const isBroken = steps.some(({ state }) => state === 'failed' || state === 'waiting' || state === 'working')
  const all = emptySteps().map((idle, index) => {
    const scripted = steps.find(({ name }) => name === idle.name)
    if (scripted) return scripted
    return isBroken && index > lastScripted ? idle : done(idle.name)
  })
  const sightings = EIGHT.flatMap((_, index) => replicas(index) ?? [])
  return {
    status: { phase, steps: all, peerId: 'peer-0', coordinatorUrl: 'http://coordinator', loadLevel: 'L6' },
    hasNetwork: true,
    verdict: judgeReadiness(EIGHT, sightings, NOW),
    history: { lastLoadAt: null, lastLoadBy: null, lastRefusal: null },
    crossViews: [],
    links: [],
    now: NOW,
    ...change,
  }
}

const except =
  (index: number, change: Partial<ReplicaSighting> | null) =>
  (at: number): ReplicaSighting | null =>
    at === index ? change && replica(at, change) : replica(at)
const waitingForShard = (ageMs: number): Step => ({
  name: 'fetch',
  state: 'waiting',
  startedAt: NOW - ageMs,
  evidence: [],
})

const SCENARIOS: [string, string, BlockerFacts][] = [
  ['no network was chosen', 'no-network', facts({ change: { hasNetwork: false } })],
  ['the node is stopped', 'stopped', facts({ phase: 'stopped' })],
  ['no bootstrap answers', 'no-bootstrap', facts({ steps: [failed('connect', 'BOOTSTRAP_UNREACHABLE')] })],
  [
    'the coordinator is not running (S-18)',
    'coordinator-not-running',
    facts({ steps: [failed('register', 'COORDINATOR_UNREACHABLE')] }),
  ],
  ['the host rejected us', 'rejected', facts({ steps: [failed('approve', 'REGISTRATION_REJECTED')] })],
  [
    'the host has not decided',
    'waiting-for-approval',
    facts({ steps: [{ ...failed('approve', 'INTERNAL'), state: 'waiting' }] }),
  ],
  ['the coordinator sends no command (S-18)', 'coordinator-silent', facts({ steps: [waitingForShard(61_000)] })],
  [
    'its command fails here (S-18)',
    'command-failed',
    facts({
      steps: [waitingForShard(61_000)],
      change: {
        history: { lastLoadAt: null, lastLoadBy: null, lastRefusal: { code: 'MODEL_NOT_SERVED', at: NOW - 1_000 } },
      },
    }),
  ],
  ['the shard file is missing', 'shard-missing', facts({ steps: [failed('fetch', 'SHARD_MISSING')] })],
  ['there is no manifest', 'manifest-missing', facts({ steps: [failed('fetch', 'MANIFEST_MISSING')] })],
  ['the bytes are damaged', 'hash-mismatch', facts({ steps: [failed('fetch', 'SHARD_HASH_MISMATCH')] })],
  ['the disk takes nothing', 'disk-write', facts({ steps: [failed('fetch', 'SHARD_WRITE_FAILED')] })],
  [
    'the download is under way',
    'working-fetch',
    facts({
      steps: [{ ...waitingForShard(5_000), state: 'working', progress: { done: 3, total: 4, unit: 'bytes' } }],
    }),
  ],
  ['there is not enough memory', 'out-of-memory', facts({ steps: [failed('load', 'ENGINE_OUT_OF_MEMORY')] })],
  ['the engine keeps crashing', 'engine-crashes', facts({ steps: [failed('load', 'ENGINE_CRASH_LOOP')] })],
  ['the test pass is wrong', 'probe-failed', facts({ steps: [failed('prove', 'PROBE_FAILED')] })],
  ['nobody kept our records', 'not-announced', facts({ steps: [failed('announce', 'NOT_STORED')] })],
  ['nobody can dial us', 'not-reachable', facts({ steps: [failed('visible', 'NOT_DIALLED_BACK')] })],
  ['shard 5 was never seen', 'peer-missing', facts({ replicas: except(5, null) })],
  ['shard 5 left', 'peer-stale', facts({ replicas: except(5, { state: 'offline' }) })],
  ['shard 5 is joining', 'peer-not-loaded', facts({ replicas: except(5, { state: 'joining', verifiedAt: null }) })],
  [
    'shard 5 only says to be loaded',
    'peer-unverified',
    facts({ replicas: except(5, { verifiedAt: null, trouble: 'it does not answer' }) }),
  ],
  [
    'another peer has not heard of us',
    'not-heard',
    facts({ change: { crossViews: [{ peer: 'peer-3', seesUs: false, at: NOW - 1_000 }] } }),
  ],
  [
    'commands do not reach a peer (S-44)',
    'link-broken',
    facts({
      change: {
        links: [{ peer: 'peer-3', type: 'ASK_VIEW', at: NOW, roundTripMs: null, outcome: 'PEER_UNREACHABLE' }],
      },
    }),
  ],
]

describe('S-26: the blocker is the most upstream cause, in one sentence with one button', () => {
  it('has at least 20 scripted scenarios', () => expect(SCENARIOS.length).toBeGreaterThanOrEqual(20))

  it.each(SCENARIOS)('%s: %s', (_, id, script) => {
    const found = chooseBlocker(script)
    expect(found?.id).toBe(id)
    expect(found?.sentence).toMatch(/^[A-Z“].*\.$/s)
    expect(found?.sentence.length).toBeLessThan(200)
    expect(found?.button).toBeTruthy()
  })

  it('S-26: nothing is in the way of a swarm that is ready', () => expect(chooseBlocker(facts())).toBeNull())

  it('of two causes the upstream one is named', () => {
    const both = facts({
      steps: [failed('connect', 'BOOTSTRAP_UNREACHABLE'), failed('fetch', 'SHARD_MISSING')],
      replicas: except(5, null),
    })
    expect(chooseBlocker(both)?.id).toBe('no-bootstrap')
  })

  it('S-27: measured facts win over what is usual: a fetch that stalls is not called a missing file', () => {
    const stalled = facts({ steps: [failed('fetch', 'FETCH_STALLED', 'no peers')] })
    expect(chooseBlocker(stalled)).toMatchObject({
      id: 'download-stalled',
      sentence: expect.stringContaining('no peers'),
    })
  })

  it('a shard is on its way for a while before it counts as missing', () => {
    const announce = { ...done('announce'), endedAt: NOW - 2_000 }
    expect(chooseBlocker(facts({ steps: [announce], replicas: except(5, null) }))?.id).toBe('discovering')
  })

  it('S-12: who has no bytes and hears nothing from the coordinator says so at 60 s, and not before', () => {
    const approvedFor = (ms: number) => ({ ...done('approve'), endedAt: NOW - ms })
    const silent = (ms: number, change: Partial<BlockerFacts> = {}) =>
      chooseBlocker(facts({ steps: [approvedFor(ms), failed('fetch', 'FETCH_NO_SOURCE')], change }))
    expect(silent(60_000)).toMatchObject({ id: 'shard-missing', button: 'choose-file' })
    expect(silent(61_000)).toMatchObject({
      id: 'coordinator-silent',
      sentence: 'The shard is missing here, and the coordinator has sent no LOAD_SHARD command for 61 s.',
      button: 'choose-file',
    })
    // Who was told to load is not waiting for a word any more: what it lacks are the bytes.
    const history = { lastLoadAt: NOW - 50_000, lastLoadBy: 'peer-9', lastRefusal: null }
    expect(silent(61_000, { history })?.id).toBe('shard-missing')
  })

  it('S-10: a shard that is missing offers a download and, where there is a coordinator, to wait for it', () => {
    const missing = facts({ steps: [failed('fetch', 'FETCH_NO_SOURCE')] })
    expect(chooseBlocker(missing)).toMatchObject({
      button: 'choose-file',
      others: ['download', 'wait-for-coordinator'],
    })
    const alone = { ...missing, status: { ...missing.status, coordinatorUrl: null } }
    expect(chooseBlocker(alone)).toMatchObject({ id: 'shard-missing', others: ['download'] })
    expect(chooseBlocker(facts({ steps: [failed('fetch', 'DISK_FULL')] }))?.others).toBeUndefined()
  })

  it('S-10: who rather waits is told so, with both other ways, and after 60 s that nobody commands', () => {
    const awaiting = (ms: number, lastLoadAt: number | null = null) =>
      chooseBlocker(
        facts({
          steps: [
            { ...done('approve'), endedAt: NOW - ms },
            { ...waitingForShard(ms), blocker: new EspalierError('LOAD_AWAITED').report() },
          ],
          change: { history: { lastLoadAt, lastLoadBy: null, lastRefusal: null } },
        }),
      )
    const ways = { button: 'choose-file', others: ['download'] }
    expect(awaiting(5_000)).toMatchObject({ id: 'awaiting-command', ...ways })
    expect(awaiting(61_000)).toMatchObject({ id: 'coordinator-silent', ...ways })
    expect(awaiting(61_000, NOW - 50_000)).toMatchObject({ id: 'awaiting-command', ...ways })
  })

  it('nobody is waited for who has not been asked yet, nor a refusal blamed that a later command has overtaken', () => {
    const connecting: Step = { name: 'connect', state: 'working', startedAt: NOW, evidence: [] }
    expect(chooseBlocker(facts({ steps: [connecting] }))?.id).toBe('working-connect')
    const refused = (at: number) =>
      chooseBlocker(
        facts({
          steps: [waitingForShard(90_000)],
          change: {
            history: {
              ...{ lastLoadAt: NOW - 20_000, lastLoadBy: 'p' },
              lastRefusal: { at, code: 'COMMAND_FORGED' },
            },
          },
        }),
      )?.id
    expect(refused(NOW - 10_000)).toBe('command-failed')
    expect(refused(NOW - 30_000)).toBe('working-fetch')
  })

  it('a command is waited for only where nothing else loads the shard, and for 60 s first', () => {
    expect(chooseBlocker(facts({ steps: [waitingForShard(30_000)] }))?.id).toBe('working-fetch')
  })
})

it('a paused fetch is the blocker, with how far it came and the button that ends it; no silent coordinator is blamed', () => {
  const paused: Step = {
    ...waitingForShard(600_000),
    blocker: new EspalierError('FETCH_PAUSED').report(),
    progress: { done: 62, total: 100, unit: 'bytes' },
  }
  expect(chooseBlocker(facts({ steps: [paused] }))).toEqual({
    id: 'paused',
    sentence: 'Fetching is paused by you (62 %).',
    button: 'resume-fetch',
  })
})
