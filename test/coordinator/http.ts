import type { TestCoordinator } from '../../src-coordinator/test-coordinator'

/** The fields that tests look into; the others are compared as they are. */
export type Body = Record<string, unknown> & {
  error: { code: string; cause: string }
  workers: Record<string, unknown>[]
  decisions: { decision_id: number; decision: string; worker_id: string; reason: string; by: string; at_ms: number }[]
  usage: Record<string, unknown>[]
  initial_peers: string[]
}

export async function call(
  to: { url: string },
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Body }> {
  const response = await fetch(to.url + path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
  })
  return { status: response.status, body: (await response.json()) as Body }
}

export function register(to: { url: string }, workerId: string, more: Record<string, unknown> = {}) {
  return call(to, 'POST', '/workers/register', {
    worker_id: workerId,
    nickname: 'n',
    hardware_type: 'cpu',
    device_name: 'd',
    vram_gb: 0,
    ...more,
  })
}

export function beat(to: { url: string }, workerId: string, more: Record<string, unknown> = {}) {
  return call(to, 'POST', '/workers/heartbeat', {
    worker_id: workerId,
    tokens_served_since_last: 0,
    status: 'online',
    ...more,
  })
}

export function adminOf({ server }: TestCoordinator): Record<string, string> {
  return { authorization: `Bearer ${server.adminToken}` }
}
