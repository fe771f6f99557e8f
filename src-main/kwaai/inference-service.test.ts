import { describe, expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import { FakeClock } from '../../test/fake-clock'
import { seededRandom } from '../../test/models/random'
import { encodeMsgpack, msgpackMap } from '../hivemind/msgpack'
import { createPlaceLeases } from '../pipeline/place-leases'
import type { StageInput, StageRunner } from '../pipeline/stage-runner'
import { createEventLog } from '../storage/event-log'
import { createGreeter } from './hello'
import { createInferenceService } from './inference-service'
import { decodeReply, decodeRequest, encodeReply, encodeRequest, type InferenceRequest } from './inference-wire'
import { WARMING_UP } from './protocols'

const WIDTH = 4

/** Blocks that add 1 to every value. */
function setUp({
  start = 4,
  end = 6,
  blockCount = 8,
  places = 2,
  contextTokens = 16,
  maxBatchTokens = 3,
  isForMembers = false,
} = {}) {
  const clock = new FakeClock()
  const leased = new Set<number>()
  const calls: StageInput[] = []
  const served: string[] = []
  const state = {
    isReady: true,
    failure: null as EspalierError | null,
    isBusy: false,
    until: null as Promise<void> | null,
  }
  const runner: StageRunner = {
    ...{
      blocks: { start, end },
      blockCount,
      embeddingLength: WIDTH,
      root: 'root',
      maxBatchTokens,
      contextTokens,
    },
    openSequence() {
      for (let sequence = 0; sequence < places; sequence++) {
        if (leased.has(sequence)) continue
        leased.add(sequence)
        return sequence
      }
      throw new EspalierError('SESSION_LIMIT')
    },
    closeSequence: (sequence) => void leased.delete(sequence),
    async run(input) {
      calls.push(input)
      await state.until
      if (state.failure) throw state.failure
      if (state.isBusy) await new Promise(() => undefined)
      const rows = 'tokens' in input.rows ? input.rows.tokens.length : input.rows.hidden.length / WIDTH
      const isLast = end === blockCount
      const hidden =
        'hidden' in input.rows ? input.rows.hidden.map((value) => value + 1) : new Float32Array(rows * WIDTH)
      return {
        hidden: isLast ? null : hidden,
        token: null,
        logits: input.answer === 'logits' ? Float32Array.of(0, 1, 2) : null,
        computeMs: 1,
      }
    },
  }
  const log = createEventLog(clock, null)
  const service = createInferenceService({
    ...{ clock, log, leases: createPlaceLeases({ clock, log }) },
    stage: () => (state.isReady ? runner : null),
    guard: isForMembers
      ? {
          authorise: async ({ token }) => ({ ok: false, refusal: new EspalierError('TOKEN_MISSING', `${token}`) }),
        }
      : undefined,
    events: {
      onServed: (entry, rows) => void served.push(`${entry} ${rows}`),
      onRequest: (entry) => void served.push(`${entry} request`),
      onSessions: () => undefined,
    },
  })
  const ask = async (request: InferenceRequest, peer = 'them') =>
    decodeReply(await service.answer(encodeRequest(request), peer))
  return { clock, leased, calls, served, state, service, ask }
}

const hidden = (rows: number, value = 1) => ({ hidden: new Float32Array(rows * WIDTH).fill(value), width: WIDTH })
const at = (position: number, rows: number, sessionId = 1n): InferenceRequest => {
  return { sessionId, position, input: hidden(rows, position) }
}

describe('blocks that are served to callers of KwaaiNet', () => {
  it('computes a prompt of any length in batches of ours, and goes on where it was', async () => {
    const { ask, calls, served } = setUp()
    expect(await ask(at(0, 7))).toEqual({ sessionId: 1n, ...hidden(7, 1) })
    expect(await ask(at(7, 1))).toEqual({ sessionId: 1n, ...hidden(1, 8) })
    expect(calls.map(({ position, sequence }) => [position, sequence])).toEqual([
      [0, 0],
      [3, 0],
      [6, 0],
      [7, 0],
    ])
    expect(served).toEqual(['them 7', 'them request', 'them 1'])
  })

  it('takes no longer turns than our own prompts do, however much the engine could take at once', async () => {
    const { ask, calls } = setUp({ contextTokens: 512, maxBatchTokens: 512 })
    await ask(at(0, 300))
    expect(calls.map(({ position }) => position)).toEqual([0, 128, 256])
  })

  it('gives the logits of the last row at the end of the model', async () => {
    const { ask, calls } = setUp({ end: 8 })
    expect(await ask(at(0, 4))).toEqual({ sessionId: 1n, logits: Float32Array.of(0, 1, 2) })
    expect(calls.map(({ answer }) => answer)).toEqual(['none', 'logits'])
  })

  it('says that its blocks are on their way, in the words that callers know', async () => {
    const { ask, state } = setUp()
    state.isReady = false
    expect(await ask(at(0, 1))).toEqual({ sessionId: 0n, error: WARMING_UP })
  })

  it('M-29: a node that leaves tells whoever waits for rows at once, and who asks next that it has to begin anew', async () => {
    const { ask, state, service } = setUp()
    await ask(at(0, 1, 2n))
    state.isBusy = true
    const [underWay, queued] = [ask(at(0, 2)), ask(at(2, 1))]
    await new Promise((resolve) => setImmediate(resolve))
    service.sessions.endAll(new EspalierError('STAGE_LOST', 'the node stops'))
    const told = { sessionId: 1n, error: expect.stringMatching(/^STAGE_LOST: .*the node stops/) }
    expect(await Promise.all([underWay, queued])).toEqual([told, told])
    expect(await ask(at(1, 1, 2n))).toMatchObject({ error: expect.stringContaining('SESSION_UNKNOWN') })
    expect(service.sessions.count).toBe(0)
  })

  it('blocks on their way out let a session finish, and take no new one', async () => {
    const { ask, state } = setUp()
    await ask(at(0, 1))
    state.isReady = false
    expect(await ask(at(1, 1))).toEqual({ sessionId: 1n, ...hidden(1, 2) })
    expect(await ask(at(0, 1, 2n))).toEqual({ sessionId: 0n, error: WARMING_UP })
    expect(await ask(at(2, 1), 'somebody else')).toEqual({ sessionId: 0n, error: WARMING_UP })
  })

  it('a call that is made again because its answer was lost is answered, and not computed twice', async () => {
    const { ask, calls, served } = setUp()
    await ask(at(0, 2))
    const [first, again] = [await ask(at(2, 1)), await ask(at(2, 1))]
    expect(again).toEqual(first)
    expect(calls).toHaveLength(2)
    expect(served).toHaveLength(3)
    // Other rows at a place that is taken are no repetition.
    expect(await ask({ ...at(2, 1), input: hidden(1, 9) })).toMatchObject({
      error: expect.stringContaining('expected 3'),
    })
  })

  it('position 0 begins anew', async () => {
    const { ask, clock, calls } = setUp()
    await ask(at(0, 2))
    const again = ask({ ...at(0, 3), input: hidden(3, 5) })
    await clock.advance(200)
    expect(await again).toEqual({ sessionId: 1n, ...hidden(3, 6) })
    expect(calls.at(-1)?.position).toBe(0)
  })

  it.each([
    ['rows in the middle of nothing', at(3, 1), 'SESSION_UNKNOWN'],
    ['tokens for blocks that take hidden states', { ...at(0, 1), input: { tokens: Int32Array.of(1) } }, 'block 0'],
    ['rows of another width', { ...at(0, 1), input: { hidden: new Float32Array(6), width: 3 } }, 'rows of 3'],
    ['more than the context', at(0, 17), 'PROMPT_TOO_LONG'],
  ])('refuses %s, and holds no place for it', async (_, request, words) => {
    const { ask, leased } = setUp()
    expect(await ask(request)).toMatchObject({ error: expect.stringContaining(words) })
    expect(leased.size).toBe(0)
  })

  it('what fails in the engine ends the session, and the caller is told', async () => {
    const { ask, state, clock, leased } = setUp()
    state.failure = new EspalierError('ENGINE_GONE', 'killed')
    expect(await ask(at(0, 1))).toMatchObject({ error: expect.stringContaining('ENGINE_GONE') })
    await clock.advance(100)
    expect(leased.size).toBe(0)
  })

  it('words of an error are cut: what fails here may be long, and a caller has asked for numbers', async () => {
    const { service, state } = setUp()
    state.failure = new EspalierError('ENGINE_GONE', 'x'.repeat(5_000))
    expect((await service.answer(encodeRequest(at(0, 1)), 'them')).byteLength).toBeLessThan(500)
  })

  it('takes as many rows as the context and as an answer can carry', async () => {
    expect(await setUp().ask(at(0, 16))).toMatchObject({ width: WIDTH })
    const { ask, leased, calls } = setUp({ start: 0, contextTokens: 2 ** 20 })
    const long = { sessionId: 1n, position: 0, input: { tokens: new Int32Array(600_000) } }
    expect(await ask(long)).toMatchObject({ error: expect.stringContaining('more than an answer can carry') })
    expect([leased.size, calls.length]).toEqual([0, 0])
  })

  it('64 calls at once, and the next is told so; after them there is room again', async () => {
    const { ask, state } = setUp({ places: 70 })
    const gate = Promise.withResolvers<void>()
    state.until = gate.promise
    const busy = Array.from({ length: 64 }, (_, peer) => ask(at(0, 1), `peer ${peer}`))
    expect(await ask(at(0, 1), 'one more')).toEqual({ sessionId: 0n, error: 'node at capacity' })
    gate.resolve()
    for (const reply of await Promise.all(busy)) expect(reply).toMatchObject({ width: WIDTH })
    expect(await ask(at(0, 1), 'one more')).toMatchObject({ width: WIDTH })
  })

  it.each([
    ['a position beyond 32 bits', { seq_pos: 2 ** 32 }],
    ['several sequences at once', { shape: [2, 1, WIDTH] }],
  ])('reads no request with %s', (_, over) => {
    const fields = { session_id: 1, seq_pos: 0, payload_type: 'hidden_states', shape: [1, 1, WIDTH] }
    const written = (more: object) => encodeMsgpack(msgpackMap({ ...fields, data: new Uint8Array(2 * WIDTH), ...more }))
    expect(decodeRequest(written({}))).toMatchObject({ position: 0 })
    expect(() => decodeRequest(written(over))).toThrow(expect.objectContaining({ code: 'PROTOCOL_VIOLATION' }))
  })

  it('nobody says goodbye: a session that rests gives way to the next, and one that works does not', async () => {
    const { ask, clock, service } = setUp()
    await ask(at(0, 1, 1n))
    await ask(at(0, 1, 2n))
    expect(await ask(at(0, 1, 3n))).toMatchObject({ error: expect.stringContaining('SESSION_LIMIT') })
    await clock.advance(4_000)
    await ask(at(1, 1, 2n))
    await clock.advance(2_000)
    const third = ask(at(0, 1, 3n))
    await clock.advance(200)
    expect(await third).toMatchObject({ sessionId: 3n, width: WIDTH })
    expect(await ask(at(1, 1, 1n))).toMatchObject({ error: expect.stringContaining('SESSION_UNKNOWN') })
    expect(await ask(at(2, 1, 2n))).toMatchObject({ width: WIDTH })
    await clock.advance(80_000)
    expect(service.sessions.count).toBe(0)
  })

  it('a network for members is no other by this way in', async () => {
    const { ask, leased, calls } = setUp({ isForMembers: true })
    expect(await ask(at(0, 1))).toMatchObject({ error: expect.stringContaining('TOKEN_MISSING') })
    expect([leased.size, calls.length]).toEqual([0, 0])
  })

  it('one caller’s id is not another’s', async () => {
    const { ask } = setUp()
    await ask(at(0, 2), 'a')
    expect(await ask(at(2, 1), 'b')).toMatchObject({ error: expect.stringContaining('SESSION_UNKNOWN') })
  })
})

const random = seededRandom(4_711)
const below = (limit: number) => Math.floor(random() * limit)

function mutated(bytes: Uint8Array): Uint8Array {
  const kind = below(5)
  if (kind === 0) return bytes
  if (kind === 1) return bytes.subarray(0, below(bytes.length + 1))
  if (kind === 2) return Uint8Array.from({ length: below(60) }, () => below(256))
  const changed = Uint8Array.from(bytes)
  for (let change = 1 + below(5); change > 0; change--) changed[below(changed.length)] = below(256)
  return changed
}

describe('10,000 fuzzed frames a protocol', () => {
  it('inference: every request is answered, and nothing stays behind', async () => {
    const { service, clock, leased } = setUp({ places: 3 })
    let errors = 0
    let largest = 0
    for (let round = 0; round < 10_000; round++) {
      const rows = 1 + below(4)
      const oddNames = msgpackMap({ session_id: below(5), seq_pos: below(9), payload_type: 'token_ids', shape: [rows] })
      const valid = encodeRequest({
        ...{ sessionId: BigInt(below(5)), position: below(3) === 0 ? 0 : below(12) },
        input: below(8) === 0 ? { tokens: new Int32Array(rows) } : hidden(rows, below(9)),
      })
      const frame = below(20) === 0 ? encodeMsgpack(oddNames) : mutated(valid)
      const answered = service.answer(frame, `peer ${below(3)}`)
      const waited = clock.advance(1_200 + below(2_000))
      const reply = decodeReply(await answered)
      await waited
      if ('error' in reply) errors++
      largest = Math.max(largest, service.sessions.count)
    }
    expect(errors).toBeGreaterThan(1_000)
    expect(errors).toBeLessThan(9_900)
    expect(largest).toBeLessThanOrEqual(3)
    service.sessions.stop()
    await clock.advance(100)
    expect(leased.size).toBe(0)
    expect(clock.pending).toBe(0)
  })

  it('inference: every reply is read or refused by name', () => {
    const replies = [
      encodeReply({ sessionId: 1n, ...hidden(3) }),
      encodeReply({ sessionId: 2n, logits: new Float32Array(9) }),
      encodeReply({ sessionId: 0n, error: WARMING_UP }),
    ]
    let refused = 0
    for (let round = 0; round < 10_000; round++) {
      try {
        decodeReply(mutated(replies[below(replies.length)] ?? new Uint8Array()))
      } catch (error) {
        if (!(error instanceof EspalierError && error.code === 'PROTOCOL_VIOLATION')) throw error
        refused++
      }
    }
    expect(refused).toBeGreaterThan(1_000)
  })

  it('hello: always ok; the log stays short, and shows no control characters', () => {
    const clock = new FakeClock()
    const log = createEventLog(clock, null)
    const lines: string[] = []
    log.subscribe(({ message }) => void lines.push(message))
    const greet = createGreeter({ clock, log })
    for (let round = 0; round < 10_000; round++) {
      const text = Uint8Array.from({ length: below(80) }, () => below(256))
      expect(new TextDecoder().decode(greet(text, `peer ${below(4)}`))).toBe('ok')
    }
    expect(lines).toHaveLength(4)
    expect(lines.join('')).not.toMatch(/\p{Cc}/u)
    // Of strangers without end only so many are remembered: the first is written down again.
    for (let peer = 4; peer < 260; peer++) greet(new Uint8Array(), `peer ${peer}`)
    expect(lines).toHaveLength(260)
    greet(new Uint8Array(), 'peer 259')
    greet(new Uint8Array(), 'peer 0')
    expect(lines).toHaveLength(261)
  })
})
