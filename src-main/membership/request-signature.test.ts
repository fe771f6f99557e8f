import { generateKeyPair, generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { MAX_SIGNATURE_AGE_MS, SIGNATURE_HEADERS, signRequest, verifyRequest } from './request-signature'

const identity = await generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(7))
const peerId = peerIdFromPrivateKey(identity).toString()
const request = {
  method: 'POST',
  path: '/workers/heartbeat?x=1',
  body: '{"worker_id":"w1"}',
  audience: 'https://a.example',
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    return (await work) === null ? 'unsigned' : 'ok'
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('signed requests', () => {
  it('X-14: a signed request names its peer, and each signature has a nonce of its own', async () => {
    const clock = new FakeClock()
    const headers = await signRequest(identity, request, clock)
    const verified = await verifyRequest(headers, request, clock)
    expect(verified).toMatchObject({ peerId, audience: 'https://a.example' })
    const again = await signRequest(identity, request, clock)
    expect(again[SIGNATURE_HEADERS.nonce]).not.toBe(headers[SIGNATURE_HEADERS.nonce])
    const bytes = new TextEncoder().encode(request.body)
    expect(await codeOf(verifyRequest(headers, { ...request, body: bytes }, clock))).toBe('ok')
  })

  it('X-14: a change of anything that is signed is seen', async () => {
    const clock = new FakeClock()
    const headers = await signRequest(identity, request, clock)
    const other = peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()
    const changed: [string, Partial<typeof request>, Record<string, string>][] = [
      ['method', { method: 'DELETE' }, {}],
      ['path', { path: '/workers/register' }, {}],
      ['query', { path: '/workers/heartbeat?x=2' }, {}],
      ['body', { body: '{"worker_id":"w2"}' }, {}],
      ['no body', { body: '' }, {}],
      ['audience', {}, { [SIGNATURE_HEADERS.audience]: 'https://b.example' }],
      ['time', {}, { [SIGNATURE_HEADERS.timestamp]: String(clock.now() + 1) }],
      ['nonce', {}, { [SIGNATURE_HEADERS.nonce]: 'A'.repeat(22) }],
      ['key', {}, { [SIGNATURE_HEADERS.key]: other }],
      ['no key of that kind', {}, { [SIGNATURE_HEADERS.key]: 'QmBootstrapQmBootstrap' }],
      ['signature', {}, { [SIGNATURE_HEADERS.signature]: 'A'.repeat(86) }],
    ]
    for (const [name, request2, headers2] of changed) {
      const code = await codeOf(verifyRequest({ ...headers, ...headers2 }, { ...request, ...request2 }, clock))
      expect(code, name).toBe('REQUEST_SIGNATURE_INVALID')
    }
  })

  it('X-14: headers in part are refused; none at all is an unsigned request', async () => {
    const clock = new FakeClock()
    const headers = await signRequest(identity, request, clock)
    for (const name of Object.values(SIGNATURE_HEADERS)) {
      const { [name]: _left, ...rest } = headers
      expect(await codeOf(verifyRequest(rest, request, clock)), name).toBe('REQUEST_SIGNATURE_INVALID')
    }
    expect(await codeOf(verifyRequest({ accept: 'x' }, request, clock))).toBe('unsigned')
  })

  it('X-14: a signature is good for a minute, by the verifier’s clock', async () => {
    for (const [offsetMs, expected] of [
      [MAX_SIGNATURE_AGE_MS, 'ok'],
      [-MAX_SIGNATURE_AGE_MS, 'ok'],
      [MAX_SIGNATURE_AGE_MS + 1, 'REQUEST_TIME_WRONG'],
      [-MAX_SIGNATURE_AGE_MS - 1, 'REQUEST_TIME_WRONG'],
    ] as const) {
      const headers = await signRequest(identity, request, new FakeClock(1_750_000_000_000))
      const clock = new FakeClock(1_750_000_000_000 + offsetMs)
      expect(await codeOf(verifyRequest(headers, request, clock)), String(offsetMs)).toBe(expected)
    }
  })

  it('X-14: when the nonce may be forgotten the time refuses the request, and not before', async () => {
    const clock = new FakeClock()
    const headers = await signRequest(identity, request, clock)
    const forgetAt = (await verifyRequest(headers, request, clock))?.forgetNonceAt ?? 0
    await clock.advance(forgetAt - 1 - clock.now())
    expect(await codeOf(verifyRequest(headers, request, clock))).toBe('ok')
    await clock.advance(1)
    expect(await codeOf(verifyRequest(headers, request, clock))).toBe('REQUEST_TIME_WRONG')
  })

  it('X-14: a time that is no number is good at no time', async () => {
    const clock = new FakeClock()
    for (const now of [Number.NaN, -1, 0.5]) {
      const headers = await signRequest(identity, request, Object.assign(new FakeClock(), { now: () => now }))
      expect(await codeOf(verifyRequest(headers, request, clock)), `${now}`).toBe('REQUEST_SIGNATURE_INVALID')
    }
  })

  it('X-14: only Ed25519 identities sign', async () => {
    const clock = new FakeClock()
    const other = await generateKeyPair('secp256k1')
    expect(await codeOf(verifyRequest(await signRequest(other, request, clock), request, clock))).toBe(
      'REQUEST_SIGNATURE_INVALID',
    )
  })
})
