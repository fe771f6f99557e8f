import { beforeEach, describe, expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import { FakeClock } from '../../test/fake-clock'
import { type Manifest, readManifest } from '../shards/manifest'
import { createEventLog } from '../storage/event-log'
import type { ShardTarget } from './load-ladder'
import type { LoadedShard } from './loaded-shard'
import type { Presence } from './presence'
import { createServingTarget, type ServingTarget } from './serving-target'
import type { ShardLoader } from './shard-loader'
import { createSteps, type Steps } from './steps'

let clock: FakeClock
let manifest: Manifest
let steps: Steps
let blocks: ServingTarget
let loaded: LoadedShard | null
let story: string[]
let withdrawing: Promise<void>

const targetOf = (start: number, end: number): ShardTarget => ({ manifest, range: { start, end }, modelPath: null })
const evidence = { kind: 'peer' as const, by: 'p', at: 0, value: '' }

beforeEach(async () => {
  clock = new FakeClock()
  manifest ??= await readManifest('resources/models/tiny-jargon-8.manifest.json')
  steps = createSteps(clock, () => undefined)
  loaded = null
  story = []
  withdrawing = Promise.resolve()
  const loader = {
    get loaded() {
      return loaded
    },
    use: ({ range }: ShardTarget) => void story.push(`load ${range.start}`),
    rest: () => void story.push('unload'),
  } as unknown as ShardLoader
  const presence = {
    joining: () => undefined,
    online: () => void story.push('ONLINE'),
    lost: (target: ShardTarget | null) => void story.push(target ? 'JOINING again' : 'nothing to say'),
    withdraw: () => {
      story.push('OFFLINE')
      return withdrawing
    },
  } as unknown as Presence
  blocks = createServingTarget({
    ...{ loader: () => loader, presence: () => presence, steps, clock, log: createEventLog(clock, null) },
    endAnswers: () => undefined,
    endSessions: (code) => void story.push(`sessions end: ${code}`),
    report: (target) => void story.push(target ? 'loaded' : 'not loaded'),
    onTarget: () => undefined,
  })
})

/** Serves blocks 0 and 1, with this many sessions; the story begins after that. */
async function serving(sessions: number): Promise<void> {
  blocks.take(targetOf(0, 2))
  await clock.advance(1)
  loaded = { target: targetOf(0, 2) } as LoadedShard
  blocks.onProven(loaded)
  blocks.onSessions(sessions)
  for (const step of ['fetch', 'load', 'prove', 'announce', 'visible', 'serve'] as const) steps.done(step, [evidence])
  story = []
}
const states = () => Object.fromEntries(steps.all().map(({ name, state }) => [name, state]))

describe('C-50: from one set of blocks to the next', () => {
  it('the same blocks again change nothing', async () => {
    await serving(1)
    blocks.take(targetOf(0, 2))
    await clock.advance(1)
    expect(story).toEqual([])
  })

  it('sessions under way may finish; no light of the old blocks stays on, and nobody new comes in meanwhile', async () => {
    await serving(1)
    blocks.take(targetOf(2, 4))
    await clock.advance(5_000)
    expect(story).toEqual(['OFFLINE'])
    expect(blocks.serving).toBeNull()
    expect(states()).toMatchObject({ announce: 'idle', visible: 'idle', serve: 'idle', load: 'done' })
    blocks.onSessions(0)
    await clock.advance(1)
    expect(story).toEqual(['OFFLINE', 'sessions end: STAGE_LOST', 'unload', 'not loaded', 'load 2'])
    expect(states()).toMatchObject({ fetch: 'idle', load: 'idle', prove: 'idle' })
    expect(clock.pending).toBe(0)
  })

  it('those that do not finish are ended after ten seconds', async () => {
    await serving(2)
    blocks.take(targetOf(2, 4))
    await clock.advance(9_999)
    expect(story).toEqual(['OFFLINE'])
    await clock.advance(1)
    expect(story).toContain('load 2')
    loaded = { target: targetOf(2, 4) } as LoadedShard
    expect(blocks.serving).toBe(loaded)
  })

  it.each(['rejected', 'pending'] as const)('who is %s ends its sessions at once', async (why) => {
    await serving(1)
    blocks.leave(why)
    await clock.advance(1)
    expect(story.slice(0, 2)).toEqual(['OFFLINE', 'sessions end: STAGE_LOST'])
    expect(story.includes('unload')).toBe(why === 'rejected')
    expect(blocks.serving).toBeNull()
  })

  it('C-53: what was still on its way is let go of while somebody thinks about us', async () => {
    blocks.take(targetOf(0, 2))
    await clock.advance(1)
    blocks.leave('pending')
    await clock.advance(1)
    expect(story.at(-2)).toBe('unload')
    story = []
    blocks.onProven({ target: targetOf(0, 2) } as LoadedShard)
    expect(story).toEqual([])
  })

  it('S-09: blocks whose engine was lost while somebody thought about us are on their way back already', async () => {
    await serving(0)
    blocks.leave('pending')
    await clock.advance(1)
    loaded = null
    story = []
    blocks.take(targetOf(0, 2))
    await clock.advance(1)
    expect(story).toEqual([])
  })

  it('of two wishes that come while it leaves only the last is carried out', async () => {
    await serving(0)
    const left = Promise.withResolvers<void>()
    withdrawing = left.promise
    blocks.take(targetOf(2, 4))
    await clock.advance(1)
    blocks.take(targetOf(4, 6))
    left.resolve()
    await clock.advance(1)
    expect(story.filter((line) => line.startsWith('load '))).toEqual(['load 4'])
  })

  it('a lost engine ends its sessions, is reported, and what is said goes back', async () => {
    await serving(1)
    blocks.onLost(new EspalierError('ENGINE_GONE').report())
    expect(story).toEqual(['sessions end: ENGINE_GONE', 'not loaded', 'JOINING again'])
  })

  it('a stop ends the sessions, takes leave, and takes nothing new', async () => {
    await serving(1)
    const stopped = blocks.stop()
    blocks.take(targetOf(2, 4))
    await clock.advance(1)
    await stopped
    expect(story).toEqual(['sessions end: STAGE_LOST', 'OFFLINE'])
  })
})
