import { beforeAll, describe, expect, it } from 'vitest'
import { createFetchControl } from '../../src-main/shards/fetch/fetch-control'
import { fetchShard } from '../../src-main/shards/fetch/fetch-shard'
import type { FetchEvent, FetchOptions, FetchProgress } from '../../src-main/shards/fetch/types'
import type { Manifest } from '../../src-main/shards/manifest'
import { createShardStore } from '../../src-main/shards/store/shard-store'
import { EspalierError } from '../../src-shared/errors'
import { FakeClock } from '../fake-clock'
import { manifestOf, SAMPLE_MODEL } from '../models/manifests'
import { temporaryDirectory } from '../models/temporary'
import { quietDisk } from './quiet-disk'
import { scriptedSource } from './scripted-source'

let manifest: Manifest
beforeAll(async () => {
  manifest = await manifestOf(SAMPLE_MODEL)
})

const BLOCKS = { start: 3, end: 6 }
/** The second piece of the range: one is verified before the silence. */
const secondPiece = ({ pieces }: Manifest) => pieces.findIndex(({ block }) => block === 4)

async function run(options: Partial<FetchOptions>) {
  const clock = new FakeClock()
  const startedAtMs = clock.monotonicMs()
  const store = createShardStore({ dataDirectory: await temporaryDirectory(), clock })
  const events: { atMs: number; event: FetchEvent }[] = []
  const progress: FetchProgress[] = []
  let outcome: unknown = null
  const fetching = fetchShard({
    manifest,
    blocks: BLOCKS,
    sources: [],
    store,
    clock,
    onEvent: (event) => events.push({ atMs: clock.monotonicMs() - startedAtMs, event }),
    onProgress: (now) => progress.push(now),
    ...options,
  }).then(
    (slice) => (outcome = slice),
    (error: unknown) => (outcome = error),
  )
  /** Time goes on in steps, and stands still as long as the disk needs its real time. */
  const pass = async (untilMs: number, isEnough: () => boolean = () => outcome !== null) => {
    while (clock.monotonicMs() - startedAtMs < untilMs && !isEnough()) {
      await quietDisk()
      await clock.advance(500)
    }
  }
  const when = (type: FetchEvent['type']) => events.find(({ event }) => event.type === type)?.atMs
  return { clock, events, progress, pass, when, fetching, outcome: () => outcome }
}

describe('S-19: standstills', { timeout: 60_000 }, () => {
  it('another source takes over within 35 s of silence', async () => {
    const silent = scriptedSource(SAMPLE_MODEL, { id: 'silent', kind: 'swarm', hangsAtPiece: secondPiece })
    const control = createFetchControl()
    const running = await run({ sources: [silent], control })
    await running.pass(5_000)
    control.addSource(scriptedSource(SAMPLE_MODEL, { id: 'mirror', kind: 'http', fails: () => null }))
    await running.pass(60_000)
    expect(running.outcome()).toMatchObject({ neededBytes: expect.any(Number) })
    const takenOver = running.events.find(({ event }) => event.type === 'piece-verified' && event.source === 'mirror')
    expect(takenOver?.atMs).toBeLessThanOrEqual(35_000)
  })

  it('silence of the only source ends its request after 30 s, and asks it again', async () => {
    const silent = scriptedSource(SAMPLE_MODEL, { id: 'silent', kind: 'swarm', hangsAtPiece: secondPiece })
    const stop = new AbortController()
    const running = await run({ sources: [silent], signal: stop.signal })
    await running.pass(70_000)
    const at = (type: FetchEvent['type']) => running.events.findIndex(({ event }) => event.type === type)
    const [before, stalled] = [running.events[at('source-stalled') - 1], running.events[at('source-stalled')]]
    expect(before?.event.type).toBe('piece-verified')
    expect(stalled!.atMs - before!.atMs).toBeLessThanOrEqual(35_000)
    expect(silent.asked).toBeGreaterThan(2)
    stop.abort()
    await running.fetching
    expect(running.outcome()).toMatchObject({ code: 'CANCELLED' })
  })

  it.each([
    {
      what: 'the network',
      kind: 'http' as const,
      error: new EspalierError('PEER_UNREACHABLE', 'no route'),
      code: 'FETCH_STALLED',
    },
    { what: 'a busy peer', kind: 'swarm' as const, error: new EspalierError('SOURCE_BUSY'), code: 'FETCH_STALLED' },
    {
      what: 'nobody has it',
      kind: 'swarm' as const,
      has: () => new Set<number>(),
      code: 'FETCH_NO_SOURCE',
      isAtOnce: true,
    },
    { what: 'its hash', kind: 'file' as const, isWrong: true, code: 'FETCH_PIECES_REJECTED', isAtOnce: true },
  ])(
    'S-27: after three minutes at most names what is wrong: $what',
    async ({ kind, error, code, isAtOnce, ...more }) => {
      const failing = scriptedSource(SAMPLE_MODEL, { id: 'failing', kind, fails: () => error ?? null, ...more })
      const stop = new AbortController()
      const running = await run({ sources: [failing], control: createFetchControl(), signal: stop.signal })
      await running.pass(170_000, () => running.when('blocked') !== undefined)
      // What no wait can change is said when it is known.
      expect(running.when('blocked') !== undefined).toBe(isAtOnce ?? false)
      await running.pass(190_000, () => running.when('blocked') !== undefined)
      const blocked = running.events.find(({ event }) => event.type === 'blocked')
      expect(blocked?.event).toMatchObject({
        blocker: { code, cause: expect.stringContaining(error?.message ?? 'piece') },
      })
      expect(running.progress.at(-1)?.blocker?.code).toBe(code)
      stop.abort()
      await running.fetching
    },
  )

  it('S-10, S-29: without a source waits with a blocker, and goes on with the file that is chosen then', async () => {
    const control = createFetchControl()
    const running = await run({ control })
    await running.pass(5_000)
    expect(running.progress.at(-1)?.blocker).toMatchObject({ code: 'FETCH_NO_SOURCE' })
    control.addSource(scriptedSource(SAMPLE_MODEL, { id: 'chosen', kind: 'file' }))
    await running.pass(60_000)
    expect(running.outcome()).toMatchObject({ wasThere: false })
    expect(running.progress.at(-1)).toMatchObject({ state: 'done', blocker: null })
  })

  it('pauses, says so, and resumes', async () => {
    const control = createFetchControl()
    control.pause()
    const source = scriptedSource(SAMPLE_MODEL, { id: 'chosen', kind: 'file' })
    const running = await run({ control, sources: [source] })
    await running.pass(200_000)
    expect(running.progress.at(-1)).toMatchObject({ state: 'paused', verifiedBytes: 0, blocker: null })
    expect(source.asked).toBe(0)
    control.resume()
    await running.pass(300_000)
    expect(running.outcome()).toMatchObject({ wasThere: false })
  })
})

it('S-31: after a tenth of the bytes the time of arrival is right within a fifth', { timeout: 60_000 }, async () => {
  const mirror = scriptedSource(SAMPLE_MODEL, { id: 'mirror', kind: 'http' })
  const guesses: { share: number; arrivalMs: number }[] = []
  let startedAtMs = 0
  const running = await run({
    sources: [mirror],
    blocks: { start: 0, end: 8 },
    limits: { bytesPerSecond: 120_000 },
    onProgress({ verifiedBytes, neededBytes, etaMs }) {
      const passedMs = running.clock.monotonicMs() - startedAtMs
      if (etaMs !== null) guesses.push({ share: verifiedBytes / neededBytes, arrivalMs: passedMs + etaMs })
    },
  })
  startedAtMs = running.clock.monotonicMs()
  await running.pass(120_000)
  expect(running.outcome()).toMatchObject({ neededBytes: expect.any(Number) })
  const tookMs = running.clock.monotonicMs() - startedAtMs
  const late = guesses.filter(({ share }) => share >= 0.1)
  expect(late.length).toBeGreaterThan(20)
  const errors = late.map(({ arrivalMs }) => Math.abs(arrivalMs - tookMs) / tookMs)
  expect(Math.max(...errors)).toBeLessThanOrEqual(0.2)
})
