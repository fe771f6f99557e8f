import { afterEach, expect, it } from 'vitest'
import { z } from 'zod'
import { startTestCoordinator, type TestCoordinator } from '../test-coordinator'
import { OPERATIONS } from './openapi-operations'

let coordinator: TestCoordinator | undefined
afterEach(() => coordinator?.remove())

const DocumentSchema = z.object({
  openapi: z.string(),
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        summary: z.string().optional(),
        parameters: z.array(z.looseObject({ name: z.string(), in: z.string() })).optional(),
        requestBody: z.unknown().optional(),
        security: z.unknown().optional(),
        responses: z.record(z.string(), z.unknown()).optional(),
      }),
    ),
  ),
})

async function start() {
  coordinator = await startTestCoordinator()
  const { server } = coordinator
  const ask = (method: string, path: string, body?: object) =>
    fetch(server.url + path, {
      method,
      headers: {
        authorization: 'Bearer the-admin-token-of-a-test-coordinator',
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
  const document = DocumentSchema.parse(await (await ask('GET', '/openapi.json')).json())
  return { ask, document }
}

it('C-45: every registered route is described, with fields and errors, and nothing else is', async () => {
  const { document } = await start()
  // The document lists whatever Fastify registers; only what is described here has a summary and replies.
  const routes = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1').replace('{*}', '*')}`,
      operation,
    })),
  )
  expect(routes.length).toBeGreaterThan(20)
  expect(routes.map(({ name }) => name).sort()).toEqual(Object.keys(OPERATIONS).sort())
  for (const { name, operation } of routes) {
    expect(operation.summary, name).toBeTruthy()
    expect(Object.keys(operation.responses ?? {}), name).toContain('429')
  }
  const register = document.paths['/workers/register']?.post
  expect(JSON.stringify(register?.requestBody)).toContain('vram_gb')
  expect(Object.keys(register?.responses ?? {})).toEqual(expect.arrayContaining(['200', '400', '409']))
  expect(document.paths['/network/target-workers']?.put?.parameters).toEqual([
    expect.objectContaining({ name: 'count', in: 'query' }),
  ])
  expect(document.paths['/workers/{id}/approve']?.post?.security).toEqual([{ admin: [] }])
  expect(document.paths['/workers/register']?.post?.security).toBeUndefined()
})

it('C-45: replies are as they are described', async () => {
  const { ask } = await start()
  const worker = { worker_id: 'w1', nickname: 'n', hardware_type: 'cpu', device_name: 'd', vram_gb: 0 }
  const beat = { worker_id: 'w1', tokens_served_since_last: 3, status: 'online' }
  const usage = { user_id: 'ada', prompt_tokens: 1, completion_tokens: 2, worker_ids: ['w1'] }
  const calls: [operation: string, path: string, body?: object][] = [
    ['GET /', '/'],
    ['POST /workers/register', '/workers/register', worker],
    ['POST /workers/heartbeat', '/workers/heartbeat', beat],
    ['POST /workers/:id/approve', '/workers/w1/approve', { reason: 'welcome' }],
    ['GET /workers', '/workers'],
    ['GET /network/info', '/network/info'],
    ['GET /network/health', '/network/health'],
    ['GET /network/stats', '/network/stats'],
    ['GET /network/target-workers', '/network/target-workers'],
    ['PUT /network/target-workers', '/network/target-workers?count=2'],
    ['PUT /network/quantization', '/network/quantization?mode=F16'],
    ['GET /models', '/models'],
    ['POST /users/register', '/users/register', { user_id: 'ada' }],
    ['POST /usage/log', '/usage/log', usage],
    ['GET /users/:id', '/users/ada'],
    ['GET /usage/recent', '/usage/recent?limit=15'],
    ['GET /decisions', '/decisions'],
    ['POST /invites', '/invites', { label: 'for Ada' }],
    ['GET /invites', '/invites'],
    ['GET /tokens', '/tokens'],
    ['GET /tokens/keys', '/tokens/keys'],
    ['POST /workers/:id/reject', '/workers/w1/reject', {}],
    ['DELETE /workers/:id', '/workers/w1'],
  ]
  for (const [name, path, body] of calls) {
    const operation = OPERATIONS[name]
    const response = await ask(name.split(' ')[0] ?? '', path, body)
    expect(response.status, `${name}: ${await response.clone().text()}`).toBe(operation?.status ?? 200)
    const parsed = operation?.reply.safeParse(await response.json())
    expect(parsed?.error?.issues ?? [], name).toEqual([])
  }
  const missing = await ask('GET', '/users/nobody')
  expect(missing.status).toBe(404)
  expect(await missing.json()).toMatchObject({ error: { code: 'COORDINATOR_UNKNOWN_USER' } })
})
