import { expect, it } from 'vitest'
import { decodeFrame, encodeFrame, type Frame } from './frames'
import { forOlderStream } from './older-streams'

const session = 'ab'.repeat(16)
const route = [{ peer: 'a', start: 0, end: 4 }]
const binding = { expiresAt: 1, signature: 'x'.repeat(86) }
const opening = { root: 'r', entry: 'e', stage: 0, route, contextTokens: 8, wantsLogits: false, token: 't' }
const mending = { route, stage: 0, replaced: 1, resumeAt: 3, token: 't' }
const answer = { root: 'r', start: 0, end: 4, proven: true }
const progress = { stands: 'open' as const, received: 9, computed: 8, passed: 7 }
const fault = { code: 'TOKEN_NOT_BOUND', cause: 'why', peer: 'a', start: 0, end: 4 } as const

it.each<[Frame, Frame]>([
  [
    { type: 'open', session, body: { ...opening, binding } },
    { type: 'open', session, body: opening },
  ],
  [
    { type: 'mend', session, body: { ...mending, binding } },
    { type: 'mend', session, body: mending },
  ],
  [
    { type: 'checked', session, body: { ...answer, token: 'mine', progress } },
    { type: 'checked', session, body: answer },
  ],
  [
    { type: 'error', session, body: fault },
    { type: 'error', session, body: { ...fault, code: 'PROTOCOL_VIOLATION' } },
  ],
  [
    { type: 'part', session, body: { ...fault, code: 'STAGE_LOST' } },
    { type: 'part', session, body: { ...fault, code: 'STAGE_LOST' } },
  ],
])('a stream of an older version carries %o without what that does not know', (frame, expected) => {
  const roundTrip = (one: Frame) => decodeFrame(Buffer.concat(encodeFrame(one)))
  expect(roundTrip(forOlderStream(frame))).toEqual(expected)
  // On a newer one nothing is lost.
  expect(roundTrip(frame)).toEqual(frame)
})
