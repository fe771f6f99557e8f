import { beforeAll, expect, it } from 'vitest'
import { SAMPLE_MODEL } from '../../test/models/manifests'
import type { Device } from '../engine/protocol'
import { readGgufHeader } from '../shards/gguf-read'
import { checkRoom } from './check-room'
import type { KnownModel } from './known-model'

const GB = 1_000_000_000
const card = { kind: 'gpu', name: 'GPU0', description: 'A card', totalBytes: 400 * GB, freeBytes: 1 } as Device
let model: KnownModel
beforeAll(async () => {
  model = { name: 'Tiny', header: await readGgufHeader(SAMPLE_MODEL) }
})

it('H-46: conversations that leave no place for a single block are refused, with what they need and what there is', () => {
  const most = { contextTokens: 131_072, maxSequences: 64 }
  expect(() => checkRoom({ contextTokens: 512, maxSequences: 4 }, model, { devices: [] }, GB)).not.toThrow()
  expect(() => checkRoom(most, model, { devices: [] }, GB)).toThrow(
    expect.objectContaining({
      code: 'MORE_THAN_THERE_IS',
      message: expect.stringMatching(
        /64 conversations of 131072 tokens need \d[\d.]* GB for one block of Tiny, and there are 1\.0 GB$/,
      ),
    }),
  )
  // What does not fit into the memory may fit onto a card.
  expect(() => checkRoom(most, model, { devices: [card] }, GB)).not.toThrow()
})
