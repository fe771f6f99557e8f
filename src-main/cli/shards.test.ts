import { expect, it } from 'vitest'
import type { FetchView } from '../../src-shared/status'
import { fetchLine } from './shards'

const FETCH: FetchView = {
  ...{ state: 'fetching', verifiedBytes: 4e6, neededBytes: 6e6, verifiedPieces: 2, neededPieces: 3, peers: 0 },
  ...{ bytesPerSecond: 1e4, etaMs: 200_000, sources: [] },
}

it('S-27, S-30: a fetch says what it does: an end is foretold only while bytes come', () => {
  expect(fetchLine(FETCH, false, null)).toBe('Fetch: fetching, 4.0 MB of 6.0 MB, 10 kB/s, 4 min left')
  expect(fetchLine(FETCH, true, null)).toBe('Paused by you, 4.0 MB of 6.0 MB')
  const full = 'There is no room on the disk for the model’s blocks: 38 MB more are needed'
  expect(fetchLine(FETCH, false, full)).toBe(`Fetch: waiting, 4.0 MB of 6.0 MB; ${full}`)
})
