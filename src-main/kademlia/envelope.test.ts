import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId, PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { beforeAll, describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { encodeMsgpack, msgpackMap } from '../hivemind/msgpack'
import { decodeMsgpack } from '../hivemind/msgpack-decode'
import { MAX_LIFETIME_MS, MAX_RECORD_BYTES, newestRecord, openRecord, sealRecord } from './envelope'
import { modelKey, parseRecordKey, providerCid, recordKey } from './keys'

let key: PrivateKey
let peer: PeerId
let other: PrivateKey
beforeAll(async () => {
  key = await generateKeyPair('Ed25519')
  other = await generateKeyPair('Ed25519')
  peer = peerIdFromPrivateKey(key)
})

describe('M-30: keys', () => {
  it.each(['M.0', 'a/b.1', 'x y', '日本.2', '%2F', '_petals.models.M', '..', 'a%'])('“%s” there and back', (name) => {
    const bytes = recordKey(name, peer)
    expect(Buffer.from(bytes).toString('utf8').split('/')).toHaveLength(4)
    expect(parseRecordKey(bytes)).toEqual({ key: name, peer })
  })

  it.each(['', 'x'.repeat(301), 'broken \ud800'])('refuses “%s”', (name) => {
    expect(() => recordKey(name, peer)).toThrow(expect.objectContaining({ code: 'RECORD_INVALID' }))
  })

  it('one key has one spelling', () => {
    for (const text of [
      `/hm/M%2e0/${peer}`,
      `/hm/%zz/${peer}`,
      `/hm/M.0/`,
      `/hm//${peer}`,
      `/pk/M.0/${peer}`,
      `/hm/M.0/${peer}/x`,
      `/hm/M.0/nobody`,
    ]) {
      expect(parseRecordKey(Buffer.from(text))).toBeNull()
    }
  })

  it('a provider key is the sha2-256 of the text in a raw CIDv1', () => {
    // echo -n 'Llama-3.3-70B-Instruct.0' | sha256sum, in base32 behind 01 55 12 20
    expect(providerCid('Llama-3.3-70B-Instruct.0').toString()).toBe(
      'bafkreigubwxawvwmflj6qiwhsrbys2aem6zlobhsf3ndzsm52mbdaacs7y',
    )
    expect(modelKey('Llama-3.3-70B-Instruct')).toBe('_petals.models.Llama-3.3-70B-Instruct')
  })
})

describe('records', () => {
  const clock = new FakeClock()
  const record = (over: Partial<{ writtenAt: number; expiresAt: number }> = {}) => ({
    content: Uint8Array.of(1, 2, 3),
    writtenAt: clock.now(),
    expiresAt: clock.now() + 60_000,
    ...over,
  })

  it('opens what its owner sealed', async () => {
    const name = recordKey('M.0', peer)
    const sealed = await sealRecord(name, record(), key)
    expect(await openRecord(name, sealed, clock)).toEqual(record())
  })

  it('refuses what somebody else sealed, what lies under another key, and any changed byte', async () => {
    const name = recordKey('M.0', peer)
    const sealed = await sealRecord(name, record(), key)
    await expect(openRecord(name, await sealRecord(name, record(), other), clock)).rejects.toThrow(/signature/)
    await expect(openRecord(recordKey('M.1', peer), sealed, clock)).rejects.toThrow(/signature/)
    for (let at = 0; at < sealed.length; at++) {
      const changed = Uint8Array.from(sealed)
      changed[at]! ^= 1
      await expect(openRecord(name, changed, clock)).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' })
    }
  })

  it('refuses a fifth field, which nobody has signed', async () => {
    const name = recordKey('M.0', peer)
    const fields = decodeMsgpack(await sealRecord(name, record(), key))
    if (!(fields instanceof Map)) throw new Error('a map')
    expect(await openRecord(name, encodeMsgpack(fields), clock)).toEqual(record())
    const more = encodeMsgpack(new Map([...fields, ['x', 1]]))
    await expect(openRecord(name, more, clock)).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' })
  })

  it('keeps what it opened, whatever becomes of the bytes that it came in', async () => {
    const name = recordKey('M.0', peer)
    const sealed = Buffer.from(await sealRecord(name, record(), key))
    const { content } = await openRecord(name, sealed, clock)
    sealed.fill(0)
    expect(content).toEqual(Uint8Array.of(1, 2, 3))
  })

  it('seals nothing that no reader would take', async () => {
    const content = new Uint8Array(MAX_RECORD_BYTES)
    await expect(sealRecord(recordKey('M.0', peer), { ...record(), content }, key)).rejects.toMatchObject({
      code: 'RECORD_INVALID',
    })
  })

  it.each([0, 63, 65])('refuses a signature of %i bytes like any other that is wrong', async (length) => {
    const { content: v, writtenAt: t, expiresAt: e } = record()
    const forged = encodeMsgpack(msgpackMap({ v, t, e, s: new Uint8Array(length) }))
    await expect(openRecord(recordKey('M.0', peer), forged, clock)).rejects.toMatchObject({
      code: 'PROTOCOL_VIOLATION',
    })
  })

  it.each([
    ['expired', () => ({ writtenAt: clock.now() - 10_000, expiresAt: clock.now() }), /expired/],
    ['from the future', () => ({ writtenAt: clock.now() + 61_000, expiresAt: clock.now() + 90_000 }), /future/],
    ['longer-lived than allowed', () => ({ expiresAt: clock.now() + MAX_LIFETIME_MS + 1 }), /lifetime/],
    [
      'expiring before it was written',
      () => ({ writtenAt: clock.now() + 2_000, expiresAt: clock.now() + 1_000 }),
      /lifetime/,
    ],
  ])('refuses one that is %s', async (_, over, words) => {
    const name = recordKey('M.0', peer)
    await expect(openRecord(name, await sealRecord(name, record(over()), key), clock)).rejects.toThrow(words)
  })

  it('refuses a writer whose public key is not in the peer id', async () => {
    const rsa = await generateKeyPair('RSA', 2048)
    const name = recordKey('M.0', peerIdFromPrivateKey(rsa))
    await expect(openRecord(name, await sealRecord(name, record(), rsa), clock)).rejects.toThrow(/public key/)
  })

  it('chooses the newest, and never an unreadable one', async () => {
    const name = recordKey('M.0', peer)
    const older = await sealRecord(name, record(), key)
    const newer = await sealRecord(name, record({ writtenAt: clock.now() + 1 }), key)
    expect(newestRecord([older, newer])).toBe(1)
    expect(newestRecord([newer, older])).toBe(0)
    expect(newestRecord([Uint8Array.of(0xc1), older])).toBe(1)
    expect(newestRecord([encodeMsgpack(msgpackMap({ v: 1, t: 9e15, e: 1, s: 1 })), older])).toBe(1)
  })
})
