import { beforeAll, describe, expect, it } from 'vitest'
import { EspalierError } from '../../../src-shared/errors'
import { FakeClock } from '../../../test/fake-clock'
import { manifestOf, SAMPLE_MODEL } from '../../../test/models/manifests'
import { type Manifest, piecesFor } from '../manifest'
import type { ByteSource } from '../sources/source'
import { createPieceBoard } from './piece-board'
import { createReporter } from './reporter'
import { createSourceEntry, noteFailure } from './source-book'
import type { FetchOptions, FetchProgress } from './types'

const BLOCKS = { start: 0, end: 4 }
let manifest: Manifest
beforeAll(async () => {
  manifest = await manifestOf(SAMPLE_MODEL)
})

function sourceOf(kind: ByteSource['kind'], label: string): ByteSource {
  return { id: `${kind}:${label}`, kind, label, hasHeader: true } as ByteSource
}

describe('S-21: what a fetch says of itself', () => {
  it('bytes, pieces, peers, each source’s share; a rate and a time to go only after 5 s of data', async () => {
    const clock = new FakeClock()
    const said: FetchProgress[] = []
    const reporter = createReporter({
      ...{ manifest, blocks: BLOCKS, clock },
      onProgress: (progress: FetchProgress) => said.push(progress),
    } as unknown as FetchOptions)
    const pieces = piecesFor(manifest, BLOCKS)
    const board = createPieceBoard(pieces, new Set(), () => false)
    const entries = [sourceOf('swarm', 'peer'), sourceOf('lan', 'neighbour'), sourceOf('http', 'mirror')].map(
      (source) => createSourceEntry(source, clock),
    )
    const [peer, neighbour, mirror] = [entries[0]!, entries[1]!, entries[2]!]
    reporter.follow(board, entries)
    reporter.state('fetching')
    noteFailure(mirror, new EspalierError('SOURCE_REFUSED', 'it answers 404'), clock.monotonicMs())
    peer.state = 'active'
    for (let second = 0; second < 10; second++) {
      for (const { entry, sizeBytes } of [
        { entry: peer, sizeBytes: 30_000 },
        { entry: neighbour, sizeBytes: 10_000 },
      ]) {
        entry.receivedBytes += sizeBytes
        entry.rate.add(sizeBytes)
        reporter.received(sizeBytes)
      }
      reporter.changed()
      await clock.advance(1_000)
    }
    const run = board.claim({ source: peer.source.id, may: () => true, maxBytes: 1, nowMs: 0 })!
    board.verified(run, run.pieces[0]!)
    reporter.changed()

    const early = said.filter((_, index) => index < 5)
    expect(early.every(({ bytesPerSecond, etaMs }) => bytesPerSecond === null && etaMs === null)).toBe(true)
    const last = said.at(-1)!
    expect(last).toMatchObject({
      verifiedPieces: 1,
      neededPieces: pieces.length,
      verifiedBytes: pieces[0]!.sizeBytes,
      receivedBytes: 400_000,
      peers: 2,
    })
    expect(last.bytesPerSecond).toBeCloseTo(40_000, -3)
    expect(last.etaMs).toBeCloseTo((1000 * (last.neededBytes - last.verifiedBytes)) / last.bytesPerSecond!, 0)
    expect(last.sources.map(({ label, state, failures }) => [label, state, failures])).toEqual([
      ['peer', 'active', 0],
      ['neighbour', 'waiting', 0],
      ['mirror', 'excluded', 1],
    ])
    expect(last.sources[0]!.bytesPerSecond).toBeCloseTo(30_000, -3)
    // Who gives nothing now has no rate, whatever it gave before.
    expect(last.sources[1]!.bytesPerSecond).toBeNull()
    expect(last.sources[2]!.lastFailure?.cause).toContain('404')
  })

  it('S-07: the snapshot of the last piece says finishing, not fetching, however soon it is taken', async () => {
    const said: FetchProgress[] = []
    const reporter = createReporter({
      ...{ manifest, blocks: BLOCKS, clock: new FakeClock() },
      onProgress: (progress: FetchProgress) => said.push(progress),
    } as unknown as FetchOptions)
    const pieces = piecesFor(manifest, BLOCKS)
    const board = createPieceBoard(pieces, new Set(pieces.slice(1).map(({ index }) => index)), () => false)
    reporter.follow(board, [])
    reporter.state('fetching')
    expect(said.at(-1)!.state).toBe('fetching')
    const run = board.claim({ source: 'peer', may: () => true, maxBytes: 1, nowMs: 0 })!
    board.verified(run, run.pieces[0]!)
    reporter.follow(board, [])
    expect(said.at(-1)).toMatchObject({ state: 'finishing', bytesPerSecond: null, etaMs: null })
    expect(said.at(-1)!.verifiedBytes).toBe(said.at(-1)!.neededBytes)
  })
})
