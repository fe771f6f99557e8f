import { createHash, randomBytes } from 'node:crypto'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { Clock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { isSignedByPeer } from '../network/signature'

// A worker's request to its coordinator, signed with the node's libp2p identity. A peer id of an Ed25519 key
// holds the key itself, so the header with the peer id is all that a verifier needs.

export const SIGNATURE_HEADERS = {
  key: 'x-espalier-key',
  timestamp: 'x-espalier-timestamp',
  nonce: 'x-espalier-nonce',
  audience: 'x-espalier-audience',
  signature: 'x-espalier-signature',
} as const

/** How far a signed time may be from the verifier's. */
export const MAX_SIGNATURE_AGE_MS = 60_000

export interface SignableRequest {
  method: string
  /** As the coordinator sees it: from the slash after its base URL on, query included. */
  path: string
  /** Exactly the bytes that are sent; empty for none. */
  body: string | Uint8Array
  /**
   * The coordinator's base URL as the worker knows it. A coordinator that was told its public address refuses requests
   * that were made for another one, and so nobody can pass on what was signed for him.
   */
  audience?: string
}

/** Headers to send with a request. Each call makes a new nonce: sign again before sending again. */
export async function signRequest(
  identity: PrivateKey,
  request: SignableRequest,
  clock: Clock,
): Promise<Record<string, string>> {
  const peerId = peerIdFromPrivateKey(identity).toString()
  const timestamp = String(clock.now())
  const nonce = randomBytes(16).toString('base64url')
  const audience = request.audience ?? ''
  const signature = await identity.sign(signedBytes({ ...request, audience, peerId, timestamp, nonce }))
  return {
    [SIGNATURE_HEADERS.key]: peerId,
    [SIGNATURE_HEADERS.timestamp]: timestamp,
    [SIGNATURE_HEADERS.nonce]: nonce,
    [SIGNATURE_HEADERS.audience]: audience,
    [SIGNATURE_HEADERS.signature]: Buffer.from(signature).toString('base64url'),
  }
}

export interface VerifiedRequest {
  peerId: string
  nonce: string
  audience: string
  /** After this moment (ms, Unix epoch) the time alone refuses a repetition, so the nonce may be forgotten. */
  forgetNonceAt: number
}

/**
 * Checks signature and time; whether the nonce is new is the caller's to know. Null when the request carries none of our
 * headers. Throws REQUEST_SIGNATURE_INVALID or REQUEST_TIME_WRONG.
 */
export async function verifyRequest(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  request: Omit<SignableRequest, 'audience'>,
  clock: Clock,
): Promise<VerifiedRequest | null> {
  const values = Object.values(SIGNATURE_HEADERS).map((name) => headers[name])
  if (values.every((value) => value === undefined)) return null
  const [peerId, timestamp, nonce, audience = '', signature] = values
  if (
    !isText(peerId, 16, 100) ||
    !isText(timestamp, 1, 15) ||
    !isText(nonce, 22, 22) ||
    !isText(audience, 0, 500) ||
    !isText(signature, 86, 86) ||
    !/^\d+$/.test(timestamp)
  ) {
    throw new EspalierError('REQUEST_SIGNATURE_INVALID', 'a header is missing or not as documented')
  }
  const signed = signedBytes({ ...request, audience, peerId, timestamp, nonce })
  if (!(await isSignedByPeer(peerId, signed, Buffer.from(signature, 'base64url')))) {
    throw new EspalierError('REQUEST_SIGNATURE_INVALID')
  }
  const offsetMs = Number(timestamp) - clock.now()
  if (Math.abs(offsetMs) > MAX_SIGNATURE_AGE_MS) {
    const [seconds, way] = [Math.round(Math.abs(offsetMs) / 1000), offsetMs < 0 ? 'behind' : 'ahead of']
    throw new EspalierError('REQUEST_TIME_WRONG', `signed ${seconds} s ${way} the coordinator’s clock`)
  }
  return { peerId, nonce, audience, forgetNonceAt: Number(timestamp) + MAX_SIGNATURE_AGE_MS + 1 }
}

function signedBytes(parts: SignableRequest & { audience: string; peerId: string; timestamp: string; nonce: string }) {
  const bodyHash = createHash('sha256').update(parts.body).digest('hex')
  // No part but the audience can contain a line break, and that one is hashed.
  const audienceHash = createHash('sha256').update(parts.audience).digest('hex')
  const { method, path, peerId, timestamp, nonce } = parts
  return new TextEncoder().encode(
    ['espalier-request-v1', method.toUpperCase(), path, audienceHash, peerId, timestamp, nonce, bodyHash].join('\n'),
  )
}

function isText(value: unknown, min: number, max: number): value is string {
  return typeof value === 'string' && value.length >= min && value.length <= max
}
