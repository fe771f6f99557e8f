import { expect, it } from 'vitest'
import { EspalierError } from '../../../src-shared/errors'
import { FakeClock } from '../../../test/fake-clock'
import type { ByteSource, SourceKind } from '../sources/source'
import { causeOf, createSourceEntry, has, noteFailure } from './source-book'

const clock = new FakeClock()
const never = () => Promise.reject(new Error('nothing is read here'))
function entryOf(kind: SourceKind, label: string = kind) {
  const source: ByteSource = {
    id: label,
    kind,
    label,
    hasHeader: true,
    open: never,
    read: never,
    close: async () => undefined,
  }
  return createSourceEntry(source, clock)
}
const away = new EspalierError('PEER_UNREACHABLE', 'no route')
const piece = (index: number) => ({ index, offset: 0, sizeBytes: 1, sha256: '', role: 'block' as const, block: 0 })
const PIECES = [piece(0), piece(1)]

it('S-23: a second bad piece ends it with another computer; a file of this one may have good ones still', () => {
  for (const [kind, expected] of [
    ['swarm', [false, true]],
    ['http', [false, true]],
    ['file', [false, false]],
  ] as const) {
    const entry = entryOf(kind)
    entry.available = null
    const isOut = [0, 1].map((index) => {
      entry.rejected.add(index)
      return noteFailure(entry, new EspalierError('SHARD_HASH_MISMATCH'), 0)
    })
    expect(isOut, kind).toEqual(expected)
    // What was wrong is not asked for again.
    expect(
      [0, 1, 2].map((index) => has(entry, piece(index))),
      kind,
    ).toEqual([false, false, kind === 'file'])
  }
})

it('who fails is asked again after a pause that doubles from half a second to thirty', () => {
  const entry = entryOf('swarm')
  const pauses = Array.from({ length: 9 }, () => {
    expect(noteFailure(entry, away, 1_000)).toBe(false)
    return entry.retryAtMs - 1_000
  })
  expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
  expect(noteFailure(entry, new EspalierError('SOURCE_GATED'), 0)).toBe(true)
})

it('S-27: bad pieces weigh more than failures, a failure more than a file that is not there', () => {
  const [absent, failed, liar] = [entryOf('file', 'a.gguf'), entryOf('swarm', 'a peer'), entryOf('http', 'a server')]
  noteFailure(absent, new EspalierError('SHARD_MISSING'), 0)
  const why = (...entries: ReturnType<typeof entryOf>[]) => causeOf(entries, PIECES, { isHopeless: false })
  expect(why()).toMatchObject({ code: 'FETCH_NO_SOURCE' })
  expect(why(absent)).toMatchObject({
    code: 'FETCH_NO_SOURCE',
    message: expect.stringContaining('a.gguf is not there'),
  })
  noteFailure(failed, away, 0)
  expect(why(absent, failed)).toMatchObject({ code: 'FETCH_STALLED', message: expect.stringContaining('a peer') })
  expect(causeOf([absent, failed], PIECES, { isHopeless: true })).toMatchObject({ code: 'FETCH_SOURCES_FAILED' })
  liar.rejected.add(1)
  expect(why(absent, failed, liar)).toMatchObject({ code: 'FETCH_PIECES_REJECTED' })
})
