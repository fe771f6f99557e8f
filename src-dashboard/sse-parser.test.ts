import { expect, it } from 'vitest'
import { seededRandom } from '../test/models/random'
import { createSseParser } from './sse-parser'

const STREAM =
  ': a comment\n\nid: 1\nevent: snapshot\ndata: {"a":\ndata: 1}\n\r\nid: 2\r\ndata:no space\r\n\r\nretry: 10\nevent: lost\n\ndata: last\n\n'
const EXPECTED = [
  { id: '1', name: 'snapshot', data: '{"a":\n1}' },
  { id: '2', name: 'message', data: 'no space' },
  { id: '2', name: 'message', data: 'last' },
]

it('reads the same events in whatever pieces they come', () => {
  const random = seededRandom(7)
  for (let round = 0; round < 300; round += 1) {
    const parser = createSseParser()
    const events = []
    for (let at = 0; at < STREAM.length; ) {
      const length = 1 + Math.floor(random() * (round % 2 === 0 ? 3 : 40))
      events.push(...parser.feed(STREAM.slice(at, at + length)))
      at += length
    }
    expect(events).toEqual(EXPECTED)
  }
})

it('refuses an event without end', () => {
  const parser = createSseParser()
  const piece = `data: ${'x'.repeat(4 * 1024 * 1024)}\n`
  expect(() => {
    for (let index = 0; index < 8; index += 1) parser.feed(piece)
  }).toThrow(RangeError)
})
