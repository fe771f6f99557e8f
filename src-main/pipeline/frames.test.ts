import { describe, expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import { seededRandom } from '../../test/models/random'
import { PLAIN_SAMPLING } from '../engine/sampling'
import { decodeFrame, encodeFrame, type Frame } from './frames'

const session = '00112233445566778899aabbccddeeff'
const roundTrip = (frame: Frame) => decodeFrame(new Uint8Array(Buffer.concat(encodeFrame(frame))))

const frames: Frame[] = [
  {
    type: 'open',
    session,
    body: {
      root: 'r',
      entry: 'e',
      stage: 0,
      route: [{ peer: 'a', start: 0, end: 8 }],
      contextTokens: 64,
      wantsLogits: true,
    },
  },
  {
    type: 'open',
    session,
    body: {
      root: 'r',
      entry: 'e',
      stage: 0,
      route: [{ peer: 'a', start: 0, end: 8 }],
      contextTokens: 64,
      wantsLogits: false,
      sampling: { ...PLAIN_SAMPLING, seed: 0xffff_ffff, temperature: 0.7, history: [1, 2047] },
    },
  },
  {
    type: 'open',
    session,
    body: {
      ...{ root: 'r', entry: 'e', stage: 1, contextTokens: 64, wantsLogits: false, keeps: true, replaces: 1 },
      route: [
        { peer: 'a', start: 0, end: 4 },
        { peer: 'b', start: 4, end: 8 },
      ],
    },
  },
  { type: 'part', session, body: { code: 'ENGINE_GONE', cause: 'it ended', peer: 'a', start: 3, end: 6 } },
  {
    type: 'mend',
    session,
    body: { route: [{ peer: 'a', start: 0, end: 8 }], stage: 0, replaced: 1, resumeAt: 1 << 20, token: 't' },
  },
  { type: 'mended', session, body: { position: 7, rows: 3 } },
  { type: 'mended', session, body: { position: 0, rows: 0, refusal: 'no room' } },
  {
    ...{ type: 'step', session, position: 7, rows: 1, wantsAnswer: true, computeMs: [], isKept: true },
    input: { hidden: Float32Array.of(0.5) },
  },
  { type: 'opened', session },
  { type: 'close', session },
  { type: 'taken', session },
  { type: 'check', session },
  { type: 'checked', session, body: { root: 'r', start: 0, end: 3, proven: true } },
  { type: 'error', session, body: { code: 'STAGE_LOST', cause: 'gone', peer: 'a', start: 3, end: 6 } },
  { type: 'checked', session, body: { root: 'r', start: 0, end: 3, proven: true, sessions: 2 } },
  { type: 'notice', session, body: { code: 'SPOT_CHECK_DISAGREED', cause: 'blocks 0–2: token 7 is off' } },
  {
    type: 'step',
    session,
    position: 7,
    rows: 3,
    wantsAnswer: true,
    computeMs: [],
    input: { tokens: Int32Array.of(1, 2, 2047) },
  },
  {
    type: 'step',
    session,
    position: 0,
    rows: 2,
    wantsAnswer: false,
    computeMs: [1.5, 2.25],
    input: { hidden: Float32Array.of(1, -2, 3, Number.NaN) },
  },
  {
    type: 'step',
    session,
    position: 3,
    rows: 2,
    wantsAnswer: false,
    computeMs: [1.5],
    isHalf: true,
    input: { hidden: Float32Array.of(1, -2.5, 65_504, Number.NaN) },
  },
  { type: 'result', session, position: 9, token: 41, computeMs: [0.5], logits: null },
  { type: 'result', session, position: 9, token: 41, computeMs: [0.5, 1], logits: Float32Array.of(0.25, -1) },
]

const stepOf = (hidden: Float32Array, rows: number): Frame & { type: 'step' } => ({
  ...{ type: 'step', session, position: 0, rows, wantsAnswer: true, computeMs: [], input: { hidden } },
})

describe('pipeline frames', () => {
  for (const frame of frames) {
    it(`carries ${frame.type} unchanged`, () => expect(roundTrip(frame)).toEqual(frame))
  }

  it('halves the bytes of hidden states, and rounds them to eleven bits', () => {
    const hidden = Float32Array.from({ length: 64 }, (_, i) => Math.fround((i - 20) * 1.2345))
    const step = stepOf(hidden, 4)
    const size = (frame: Frame) => Buffer.concat(encodeFrame(frame)).length
    expect(size(step) - size({ ...step, isHalf: true })).toBe(64 * 2)
    const back = roundTrip({ ...step, isHalf: true })
    if (back.type !== 'step' || !('hidden' in back.input)) throw new Error('another frame')
    for (const [i, value] of back.input.hidden.entries()) {
      expect(Math.abs(value - (hidden[i] ?? 0))).toBeLessThanOrEqual(Math.abs(hidden[i] ?? 0) * 2 ** -11)
    }
    expect(back.input.hidden).not.toEqual(hidden)
  })

  it('sends a hidden state that half precision can’t hold as it is', () => {
    const hidden = Float32Array.of(1.000_1, 70_000)
    const step = stepOf(hidden, 1)
    expect(roundTrip({ ...step, isHalf: true })).toEqual(step)
  })

  it('refuses every truncation of every frame, or reads it as a shorter valid one of the same type', () => {
    for (const frame of frames) {
      const whole = new Uint8Array(Buffer.concat(encodeFrame(frame)))
      for (let length = 0; length < whole.length; length++) {
        try {
          expect(decodeFrame(whole.slice(0, length)).type).toBe(frame.type)
        } catch (error) {
          expect(error).toBeInstanceOf(EspalierError)
        }
      }
    }
  })

  it('refuses garbage with PROTOCOL_VIOLATION and never anything else (10,000 cases)', () => {
    const random = seededRandom(97)
    for (let i = 0; i < 10_000; i++) {
      const bytes = Uint8Array.from({ length: i % 97 }, () => random() * 256)
      if (bytes.length > 1) {
        bytes[0] = 1
        bytes[1] = i % 15
      }
      try {
        decodeFrame(bytes)
      } catch (error) {
        expect(error).toMatchObject({ code: 'PROTOCOL_VIOLATION' })
      }
    }
  })

  it('refuses a mend beyond what there can be', () => {
    const body = { route: [{ peer: 'a', start: 0, end: 8 }], stage: 0, replaced: 1, resumeAt: 5 }
    const over = [{ resumeAt: -1 }, { resumeAt: 2 ** 21 }, { replaced: 129 }, { stage: -1 }, { route: [] }, { more: 1 }]
    for (const change of over) {
      const frame = { type: 'mend', session, body: { ...body, ...change } } as Frame
      expect(() => roundTrip(frame), JSON.stringify(change)).toThrow(/PROTOCOL_VIOLATION|protocol/i)
    }
  })

  it('refuses a claim of rows that the payload does not have', () => {
    const step = new Uint8Array(
      Buffer.concat(
        encodeFrame(frames.find(({ type, ...rest }) => type === 'step' && 'rows' in rest && rest.rows === 3)!),
      ),
    )
    new DataView(step.buffer).setUint32(22, 4, true)
    expect(() => decodeFrame(step)).toThrow(EspalierError)
    new DataView(step.buffer).setUint32(22, 0xffffffff, true)
    expect(() => decodeFrame(step)).toThrow(EspalierError)
  })
})
