import { describe, expect, it } from 'vitest'
import { EspalierError, isErrorCode } from '../../src-shared/errors'
import { FakeClock } from '../../test/fake-clock'
import { seededRandom } from '../../test/models/random'
import { createEventLog } from '../storage/event-log'
import { createEntrySessions } from './entry-sessions'
import { decodeFrame, encodeFrame, type Frame } from './frames'
import { createKeeping } from './keeping/keeping'
import type { Link, Links } from './links'
import type { StageRunner } from './stage-runner'
import { createStageSessions } from './stage-sessions'

const FRAMES = 10_000
const random = seededRandom(20_261)
const below = (limit: number) => Math.floor(random() * limit)

const places = new Set<number>()
const runner: StageRunner = {
  ...{ blocks: { start: 0, end: 4 }, blockCount: 8, embeddingLength: 4, root: 'root' },
  ...{ maxBatchTokens: 16, contextTokens: 64 },
  openSequence() {
    for (let sequence = 0; sequence < 4; sequence++) {
      if (!places.has(sequence)) {
        places.add(sequence)
        return sequence
      }
    }
    throw new EspalierError('SESSION_LIMIT')
  },
  closeSequence: (sequence) => void places.delete(sequence),
  run: async ({ rows }) => {
    const count = 'tokens' in rows ? rows.tokens.length : rows.hidden.length / 4
    return { hidden: new Float32Array(4 * count), token: null, logits: null, computeMs: 1 }
  },
}

function link(peer: string): Link {
  return { peer, send: async () => undefined, abort: () => undefined, closed: false, mends: true }
}
const ROUTE = [
  { peer: 'me', start: 0, end: 4 },
  { peer: 'next', start: 4, end: 8 },
]

/** Frames as a peer would send them, with known and unknown sessions, right and wrong values. */
function someFrame(): Frame {
  const session = below(6).toString(16).padStart(32, '0')
  const number = () => (below(4) === 0 ? below(2 ** 31) : below(8))
  const rows = 1 + below(20)
  const error = { code: 'STAGE_LOST' as const, cause: 'x'.repeat(below(900)), peer: 'next', start: 4, end: 8 }
  const width = 1 + below(5)
  const body = {
    root: 'root',
    entry: 'them',
    stage: below(3),
    route: ROUTE,
    contextTokens: 1 + number(),
    wantsLogits: true,
    ...(below(2) === 0 && { keeps: true }),
    ...(below(4) === 0 && { replaces: below(3) }),
  }
  const mend = { route: ROUTE, stage: below(3), replaced: below(3), resumeAt: number() }
  const frames: Frame[] = [
    { type: 'open', session, body: below(2) === 0 ? { ...body, stage: 0 } : body },
    { type: 'opened', session },
    {
      ...{ type: 'step', session, position: number(), rows, wantsAnswer: below(2) === 0, computeMs: [1, Number.NaN] },
      isHalf: below(2) === 0,
      isKept: below(4) === 0,
      input:
        below(2) === 0 ? { tokens: new Int32Array(rows) } : { hidden: new Float32Array(rows * width).fill(Number.NaN) },
    },
    { type: 'result', session, position: number(), token: number(), computeMs: [], logits: new Float32Array(below(9)) },
    { type: 'close', session },
    { type: 'taken', session },
    { type: 'error', session, body: error },
    { type: 'check', session },
    { type: 'part', session, body: error },
    { type: 'mend', session, body: mend },
    { type: 'mended', session, body: { position: number(), rows: number() } },
  ]
  return frames[below(frames.length)] as Frame
}

/** Some as they are, others with bytes changed, cut off or added. */
function mutated(bytes: Buffer): Uint8Array {
  const kind = below(4)
  if (kind === 0) return bytes
  if (kind === 1) return bytes.subarray(0, below(bytes.length + 1))
  if (kind === 2) return Buffer.concat([bytes, Buffer.from(Array.from({ length: below(40) }, () => below(256)))])
  const changed = Buffer.from(bytes)
  for (let i = 1 + below(6); i > 0; i--) changed[below(changed.length)] = below(256)
  return changed
}

describe('10,000 fuzzed frames of the pipeline', () => {
  it('neither throw nor hang nor leave anything behind, on the serving and on the asking side', async () => {
    const clock = new FakeClock()
    const links: Pick<Links, 'to'> = { to: async (peer) => link(peer) }
    const log = createEventLog(clock, null)
    const keeping = createKeeping({ directory: null, log })
    const stages = createStageSessions({
      ...{ self: 'me', clock, log, links: () => links as Links, stage: () => runner, keeping },
      events: { onServed: () => undefined, onSessions: () => undefined },
    })
    const entry = createEntrySessions('me', () => links as Links, {
      ...{ token: () => null, bind: async () => null, demand: async () => undefined },
    })
    const peers = [link('them'), link('next'), link('stranger')]
    let valid = 0
    let largest = 0
    for (let i = 0; i < FRAMES; i++) {
      const from = peers[below(peers.length)] as Link
      let frame: Frame
      try {
        frame = decodeFrame(mutated(Buffer.concat(encodeFrame(someFrame()))))
      } catch (error) {
        if (!isErrorCode(error, 'PROTOCOL_VIOLATION')) throw error
        // As the link does: the stream ends.
        stages.onLinkEnd(from, 'violation')
        entry.onLinkEnd(from, 'violation')
        continue
      }
      valid++
      if (frame.type === 'open') stages.onOpen(frame.session, frame.body, from)
      else if (frame.type === 'step') stages.onStep(frame, from)
      else if (frame.type === 'close') stages.onClose(frame.session, from)
      else if (frame.type === 'taken') stages.onTaken(frame.session, from) || entry.onTaken(frame.session, from)
      else if (frame.type === 'mend') stages.onMend(frame.session, frame.body, from)
      else if (frame.type === 'mended') entry.onMended(frame.session, frame.body, from)
      else if (frame.type === 'part') {
        if (!stages.onPart(frame.session, frame.body, from)) entry.onPart(frame.session, frame.body, from)
      } else if (frame.type === 'opened') stages.onOpened(frame.session, from) || entry.onOpened(frame.session, from)
      else if (frame.type === 'result') entry.onResult(frame, from)
      else if (frame.type === 'error') {
        if (!stages.onError(frame.session, frame.body, from)) entry.onError(frame.session, frame.body, from)
      }
      largest = Math.max(largest, stages.count)
      if (i % 20 === 0) await clock.advance(100)
    }
    expect(valid).toBeGreaterThan(FRAMES / 5)
    expect(largest).toBeGreaterThan(0)
    expect(largest).toBeLessThanOrEqual(4)
    for (const peer of peers) stages.onLinkEnd(peer, 'over')
    // Whoever waits for another neighbour waits no longer than that.
    await clock.advance(30_000)
    expect(stages.count).toBe(0)
    expect(places.size).toBe(0)
    expect(keeping.use).toEqual({ sessions: 0, memoryBytes: 0, diskBytes: 0 })
    stages.stop()
    expect(clock.pending).toBe(0)
  })
})
