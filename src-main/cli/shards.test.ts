import { expect, it } from 'vitest'
import type { FetchView } from '../../src-shared/status'
import { fetchLine, foundLine } from './shards'

const FETCH: FetchView = {
  ...{ state: 'fetching', verifiedBytes: 4e6, neededBytes: 6e6, verifiedPieces: 2, neededPieces: 3, peers: 0 },
  ...{ bytesPerSecond: 1e4, etaMs: 200_000, sources: [] },
}

it('S-21, S-31: a fetch says what it does: an end is foretold only while bytes come', () => {
  expect(fetchLine(FETCH, false, null)).toBe('Fetch: fetching, 4.0 MB of 6.0 MB, 10 kB/s, 4 min left')
  expect(fetchLine(FETCH, true, null)).toBe('Paused by you, 4.0 MB of 6.0 MB')
  const full = 'There is no room on the disk for the model’s blocks: 38 MB more are needed'
  expect(fetchLine(FETCH, false, full)).toBe(`Fetch: waiting, 4.0 MB of 6.0 MB; ${full}`)
})

it('S-28: what lies in the shard folder before blocks are assigned is said, and whether it is any good', () => {
  const file = { name: 'shard-0.gguf', sizeBytes: 42e6 }
  expect(foundLine({ ...file, state: 'copying' })).toBe(
    'In the shard folder: shard-0.gguf, 42 MB: it is still being copied',
  )
  expect(foundLine({ ...file, state: 'complete', model: { name: 'Tiny Jargon 8', blockCount: 8 } })).toBe(
    'In the shard folder: shard-0.gguf, 42 MB: Tiny Jargon 8, 8 blocks; it is used as soon as blocks are assigned',
  )
  const trouble = { code: 'GGUF_INVALID', cause: 'The model file is not a valid GGUF', action: '' } as const
  expect(foundLine({ ...file, state: 'unusable', trouble })).toContain(': The model file is not a valid GGUF')
})
