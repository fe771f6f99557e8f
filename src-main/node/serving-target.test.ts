import { beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { type Manifest, readManifest } from '../shards/manifest'
import { createEventLog } from '../storage/event-log'
import type { ShardTarget } from './load-ladder'
import type { LoadedShard } from './loaded-shard'
import type { Presence } from './presence'
import { createServingTarget, type ServingTarget } from './serving-target'
import type { ShardLoader } from './shard-loader'
import { createSteps } from './steps'

let clock: FakeClock
let manifest: Manifest
let target: ShardTarget
let blocks: ServingTarget
let loaded: LoadedShard | null
let story: string[]

beforeEach(async () => {
  clock = new FakeClock()
  manifest ??= await readManifest('resources/models/tiny-jargon-8.manifest.json')
  target = { manifest, range: { start: 0, end: 2 }, modelPath: null }
  loaded = null
  story = []
  const loader = {
    get loaded() {
      return loaded
    },
    use: () => void story.push('load'),
    rest: () => void story.push('unload'),
  } as unknown as ShardLoader
  const presence = {
    joining: () => void story.push('JOINING'),
    online: () => void story.push('ONLINE'),
    lost: () => void story.push('lost'),
    withdraw: async () => void story.push('OFFLINE'),
  } as unknown as Presence
  blocks = createServingTarget({
    loader: () => loader,
    presence: () => presence,
    steps: createSteps(clock, () => undefined),
    clock,
    log: createEventLog(clock, null),
    endSessions: () => void story.push('sessions end'),
    endAnswers: () => void story.push('own answers end'),
    report: () => undefined,
    onTarget: () => undefined,
  })
})

function prove(): void {
  loaded = { target } as LoadedShard
  blocks.onProven(loaded)
}

describe('the order of what a node says about its blocks', () => {
  it('S-32: JOINING while the shard is missing here, ONLINE after it was proven', async () => {
    blocks.take(target)
    await clock.advance(1)
    expect(story).toEqual(['JOINING', 'load'])
    prove()
    expect(story).toEqual(['JOINING', 'load', 'ONLINE'])
  })

  it('S-09: what is at L6 already is announced ONLINE at once, without JOINING and without another load', async () => {
    blocks.take(target)
    await clock.advance(1)
    prove()
    blocks.leave('pending')
    await clock.advance(1)
    story = []
    blocks.take({ ...target })
    await clock.advance(1)
    expect(story).toEqual(['ONLINE'])
    expect(blocks.serving).toBe(loaded)
  })

  it('S-09: what was let go of begins again with JOINING', async () => {
    blocks.take(target)
    await clock.advance(1)
    prove()
    blocks.leave('standby')
    await clock.advance(1)
    loaded = null
    story = []
    blocks.take(target)
    await clock.advance(1)
    expect(story).toEqual(['JOINING', 'load'])
  })

  it('ends own answers before the blocks that they run through, so that nobody is missing to them', async () => {
    blocks.take(target)
    await clock.advance(1)
    prove()
    story = []
    await blocks.stop()
    expect(story).toEqual(['own answers end', 'sessions end', 'OFFLINE'])
  })

  it('M-29: takes no new sessions while it takes leave: those would end without a word', async () => {
    blocks.take(target)
    await clock.advance(1)
    prove()
    expect(blocks.serving).toBe(loaded)
    const stopped = blocks.stop()
    expect(blocks.serving).toBeNull()
    await stopped
  })
})
