import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect, it } from 'vitest'
import type { ErrorCode } from '../../src-shared/error-catalogue'
import { EspalierError } from '../../src-shared/errors'
import { type DhtId, dhtIdOf } from './dht-id'
import { findInParts } from './find-parts'
import type { FindResult } from './messages'

const peer = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
const keys = Array.from({ length: 200 }, (_, i) => dhtIdOf(`${i}`))

/** A peer that fails in this way when it is asked for more than `most` keys at once. */
function peerThatTakes(most: number, code: ErrorCode) {
  const asked: number[] = []
  const resultOf = (key: DhtId): FindResult => ({ kind: 'regular', value: key, expirationS: 1, nearest: [] })
  const find = async (_: unknown, part: readonly DhtId[]) => {
    asked.push(part.length)
    if (part.length > most) throw new EspalierError(code)
    return part.map(resultOf)
  }
  return { find, asked }
}

it.each(['REMOTE_ERROR', 'TIMED_OUT'] as const)(
  'M-38: a peer that says %s to many keys is asked for fewer',
  async (code) => {
    const { find, asked } = peerThatTakes(40, code)
    const results = await findInParts({ find }, peer, keys, {})
    expect(results.map(({ value }) => value)).toEqual(keys)
    expect(asked).toEqual([128, 32, 32, 32, 32, 72, 32, 32, 8])
  },
)

it('a peer that answers is asked once, and one that cannot be reached is not asked again', async () => {
  const well = peerThatTakes(128, 'TIMED_OUT')
  await findInParts(well, peer, keys.slice(0, 80), {})
  expect(well.asked).toEqual([80])
  const gone = peerThatTakes(0, 'PEER_UNREACHABLE')
  await expect(findInParts(gone, peer, keys, {})).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' })
  expect(gone.asked).toEqual([128])
  const hung = peerThatTakes(0, 'TIMED_OUT')
  await expect(findInParts(hung, peer, keys, {})).rejects.toMatchObject({ code: 'TIMED_OUT' })
  expect(hung.asked).toEqual([128, 32])
})
