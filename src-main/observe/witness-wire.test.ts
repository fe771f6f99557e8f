import { generateKeyPair } from '@libp2p/crypto/keys'
import { decode, encode } from '@msgpack/msgpack'
import { expect, it } from 'vitest'
import { decodeRequest, MAX_WITNESS_BYTES, openVerdict, signVerdict, type Verdict } from './witness-wire'

const [key, other] = await Promise.all([generateKeyPair('Ed25519'), generateKeyPair('Ed25519')])
const no = { ok: false as const, cause: 'no way' }
const VERDICT: Verdict = {
  ...{ v: 1, witness: 'w', subject: 'me', nonce: new Uint8Array(16), at: 1 },
  forms: [{ form: 'hivemind', records: no, call: no }],
  ...{ dialBack: no, pipeline: no },
}
const REQUEST = { v: 1 as const, nonce: new Uint8Array(16), keys: ['m.0'], forms: ['hivemind' as const] }
const violation = { code: 'PROTOCOL_VIOLATION' }

it('a verdict counts when the witness has signed it, and not when anybody else has, or it was changed since', async () => {
  expect(await openVerdict(await signVerdict(VERDICT, key), key.publicKey)).toMatchObject(VERDICT)
  await expect(openVerdict(await signVerdict(VERDICT, other), key.publicKey)).rejects.toMatchObject(violation)
  const { signature } = decode(await signVerdict(VERDICT, key)) as { signature: Uint8Array }
  const changed = encode({ verdict: encode({ ...VERDICT, at: 2 }), signature })
  await expect(openVerdict(changed, key.publicKey)).rejects.toMatchObject(violation)
})

it.each([0, 63, 65])('a signature of %i bytes is a wrong one', async (length) => {
  const forged = encode({ verdict: encode(VERDICT), signature: new Uint8Array(length) })
  await expect(openVerdict(forged, key.publicKey)).rejects.toMatchObject(violation)
})

it.each<[string, object]>([
  ['a time that no calendar has', { at: 8.65e15 }],
  ['a claim of more than was asked', { extra: true }],
  ['another version', { v: 2 }],
  ['nothing about any form', { forms: [] }],
])('a signed verdict with %s is none', async (_, change) => {
  const signed = await signVerdict({ ...VERDICT, ...change } as Verdict, key)
  await expect(openVerdict(signed, key.publicKey)).rejects.toMatchObject(violation)
})

it('a question has a nonce of 16 bytes, some keys, and no more bytes than are read', () => {
  expect(decodeRequest(encode(REQUEST))).toEqual(REQUEST)
  for (const change of [{ nonce: new Uint8Array(15) }, { nonce: new Uint8Array(17) }, { keys: [] }, { forms: [] }])
    expect(() => decodeRequest(encode({ ...REQUEST, ...change }))).toThrow(expect.objectContaining(violation))
  const long = encode({ ...REQUEST, keys: Array.from({ length: 256 }, () => 'x'.repeat(300)) })
  expect(long.length).toBeGreaterThan(MAX_WITNESS_BYTES)
  expect(() => decodeRequest(long)).toThrow(expect.objectContaining(violation))
})
