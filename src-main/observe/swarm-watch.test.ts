import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { BlockRange } from '../../src-shared/blocks'
import { FakeClock } from '../../test/fake-clock'
import type { ServerSpan } from '../hivemind/compute-spans'
import type { ServerInfo } from '../hivemind/server-info'
import { type Manifest, readManifest } from '../shards/manifest'
import { createSwarmWatch, type SwarmWatch } from './swarm-watch'
import { rightProof as proofOf } from './testing/right-proof'

let manifest: Manifest
let self: PeerId
let peers: PeerId[]
beforeAll(async () => {
  manifest = await readManifest('resources/models/tiny-jargon-8.manifest.json')
  const keys = await Promise.all(Array.from({ length: 4 }, () => generateKeyPair('Ed25519')))
  const [first, ...others] = keys.map((key) => peerIdFromPrivateKey(key))
  self = first!
  peers = others
})

let clock: FakeClock
let asked: string[]
let answers: (peer: PeerId, blocks: BlockRange) => Uint8Array | Error
let watch: SwarmWatch
let isProven: boolean

const rightProof = (blocks: BlockRange) => proofOf(manifest, blocks)

function span(index: number, start: number, end: number, state: ServerInfo['state'] = 'online'): ServerSpan {
  return { peer: peers[index]!, start, end, info: { state } as ServerInfo }
}

beforeEach(() => {
  clock = new FakeClock()
  asked = []
  answers = (_, blocks) => rightProof(blocks)
  isProven = true
  watch = createSwarmWatch({
    self,
    manifest,
    own: () => ({ blocks: { start: 0, end: 2 }, isProven }),
    async ask(peer, blocks) {
      asked.push(`${peer} ${blocks.start}-${blocks.end}`)
      const answer = answers(peer, blocks)
      if (answer instanceof Error) throw answer
      return answer
    },
    clock,
    onChange: () => undefined,
  })
})

const labels = () => watch.verdict().shards.map(({ label }) => label)
const WHOLE = () => [span(0, 2, 5), span(1, 5, 8)]

describe('what a node believes of the others', () => {
  it('S-04: a claim counts when the answer to the manifest’s probe is right, for hidden rows and for logits', async () => {
    watch.onSpans(WHOLE())
    expect(labels()).toEqual(['loaded', 'loaded', ...Array(6).fill('unverified')])
    await clock.advance(0)
    expect(watch.verdict()).toMatchObject({ isReady: true, reasons: [] })
  })

  it('S-16: who says to be loaded and answers wrongly, for other blocks, or too little, does not count', async () => {
    for (const wrong of [
      rightProof({ start: 1, end: 3 }),
      rightProof({ start: 5, end: 8 }).slice(4),
      new Uint8Array(),
    ]) {
      answers = (peer, blocks) => (peer.equals(peers[0]!) ? wrong : rightProof(blocks))
      watch.onHint(peers[0]!, { start: 2, end: 5 }, true)
      watch.onSpans([span(1, 5, 8)])
      await clock.advance(0)
      expect(labels().slice(2, 5)).toEqual(Array(3).fill('unverified'))
      expect(watch.verdict().shards[2]?.trouble).toContain('differs')
    }
    expect(watch.verdict().isReady).toBe(false)
  })

  it('S-15: a hint is verified at once; one that takes back counts at once', async () => {
    watch.onSpans([span(0, 2, 5, 'joining'), span(1, 5, 8)])
    await clock.advance(0)
    expect(labels()[2]).toBe('not-loaded')
    watch.onHint(peers[0]!, { start: 2, end: 5 }, true)
    await clock.advance(0)
    expect(watch.verdict().isReady).toBe(true)
    watch.onHint(peers[0]!, { start: 2, end: 5 }, false)
    expect(watch.verdict()).toMatchObject({ isReady: false })
    expect(labels()[2]).toBe('not-loaded')
  })

  it('S-35: a broken connection takes readiness away at once; the peer’s next right answer gives it back', async () => {
    watch.onSpans(WHOLE())
    await clock.advance(0)
    answers = (peer, blocks) => (peer.equals(peers[1]!) ? new Error('gone') : rightProof(blocks))
    watch.onDisconnect(peers[1]!)
    expect(watch.verdict()).toMatchObject({ isReady: false })
    await clock.advance(5_000)
    expect(watch.verdict().reasons).toEqual(['not verified 5–7', 'no output shard'])
    answers = (_, blocks) => rightProof(blocks)
    await clock.advance(30_000)
    expect(watch.verdict().isReady).toBe(true)
    isProven = false
    expect(watch.verdict().reasons).toEqual(['not loaded 0 and 1', 'no input shard'])
  })

  it('asks again with a growing pause, at most once in 30 s, and what was right before it gets old', async () => {
    answers = () => new Error('gone')
    watch.onSpans([span(0, 2, 5)])
    await clock.advance(120_000)
    expect(asked.length).toBeGreaterThan(4)
    expect(asked.length).toBeLessThan(12)
    answers = (_, blocks) => rightProof(blocks)
    await clock.advance(31_000)
    const before = asked.length
    await clock.advance(150_000)
    expect(asked.length).toBe(before + 1)
    watch.stop()
    expect(clock.pending).toBe(0)
  })

  it('S-36: nothing that a peer says about the others changes the verdict', async () => {
    answers = () => new Error('not now')
    watch.onSpans(WHOLE())
    await clock.advance(0)
    expect(watch.verdict().isReady).toBe(false)
    expect(watch.verified()).toEqual([{ peer: self.toString(), blocks: { start: 0, end: 2 } }])
  })
})
