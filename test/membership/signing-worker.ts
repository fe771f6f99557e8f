import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { workerIdOf } from '../../src-main/coordinator/worker-id'
import type { CapabilityGrant } from '../../src-main/membership/capability-grant'
import { signRequest } from '../../src-main/membership/request-signature'
import { type Clock, systemClock } from '../../src-shared/clock'

/** The fields that tests look into; the others are compared as they are. */
export type AnswerBody = Record<string, unknown> & {
  error: { code: string; cause: string }
  workers: Record<string, unknown>[]
  invites: Record<string, unknown>[]
  tokens: { jti: string; worker_id: string }[]
  x_capability?: CapabilityGrant
}

export interface Answer {
  status: number
  headers: Headers
  body: AnswerBody
}

/** For tests: a worker that signs what it sends, as our nodes do. */
export interface SigningWorker {
  readonly identity: PrivateKey
  readonly peerId: string
  readonly workerId: string
  register(more?: object): Promise<Answer>
  beat(more?: object): Promise<Answer>
  leave(): Promise<Answer>
  /** The headers of one signed request, to send again or to somebody else. */
  sign(method: string, path: string, body: string): Promise<Record<string, string>>
}

export async function signingWorker(
  url: () => string,
  options: { clock?: Clock; audience?: string } = {},
): Promise<SigningWorker> {
  const identity = await generateKeyPair('Ed25519')
  const peerId = peerIdFromPrivateKey(identity).toString()
  const workerId = workerIdOf(peerId)
  const { clock = systemClock, audience = '' } = options
  const sign: SigningWorker['sign'] = (method, path, body) =>
    signRequest(identity, { method, path, body, audience }, clock)
  const call = async (method: string, path: string, body?: object) => {
    const text = body === undefined ? '' : JSON.stringify(body)
    return send(url() + path, method, text, await sign(method, path, text))
  }
  return {
    identity,
    peerId,
    workerId,
    sign,
    register: (more = {}) =>
      call('POST', '/workers/register', { ...registration(workerId), x_peer_id: peerId, ...more }),
    beat: (more = {}) => call('POST', '/workers/heartbeat', { ...heartbeat(workerId), ...more }),
    leave: () => call('DELETE', `/workers/${workerId}`),
  }
}

export function registration(workerId: string) {
  return { worker_id: workerId, nickname: 'n', hardware_type: 'cpu', device_name: 'd', vram_gb: 0 }
}

export function heartbeat(workerId: string) {
  return { worker_id: workerId, tokens_served_since_last: 0, status: 'online' }
}

export async function send(
  url: string,
  method: string,
  body: string | object | undefined,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const text = typeof body === 'object' ? JSON.stringify(body) : body
  const response = await fetch(url, {
    method,
    ...(text ? { body: text } : {}),
    headers: { ...(text ? { 'content-type': 'application/json' } : {}), ...headers },
  })
  const answer = await response.text()
  return { status: response.status, headers: response.headers, body: parsed(answer) }
}

function parsed(text: string) {
  try {
    return JSON.parse(text)
  } catch {
    return { text }
  }
}
