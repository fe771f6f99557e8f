import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { SIGNATURE_HEADERS, verifyRequest } from './request-signature'
import { createSigningFetch } from './signing-fetch'

const identity = await generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(7))
const BASE = 'https://orchard.example/base'

function setUp() {
  const clock = new FakeClock()
  const sent: Record<string, string>[] = []
  let asked = 0
  const signing = createSigningFetch({
    fetch: async (_input, init) => {
      sent.push(Object.fromEntries(new Headers(init?.headers)))
      return new Response()
    },
    baseUrl: BASE,
    identity: async () => {
      asked += 1
      return identity
    },
    clock,
  })
  return { clock, sent, signing, asked: () => asked }
}

it('X-14: what a worker says of itself is signed for its coordinator, beside the headers that it has', async () => {
  const { clock, sent, signing, asked } = setUp()
  const body = '{"worker_id":"w1"}'
  for (const method of ['POST', 'DELETE'])
    await signing(`${BASE}/workers/register?x=1`, { method, body, headers: { accept: 'a/b' } })
  for (const [index, method] of ['POST', 'DELETE'].entries()) {
    const headers = sent[index] ?? {}
    expect(headers.accept).toBe('a/b')
    // The path begins after the base address.
    const request = { method, path: '/workers/register?x=1', body }
    expect(await verifyRequest(headers, request, clock)).toMatchObject({ audience: BASE })
  }
  expect(asked()).toBe(1)
})

it('X-14: nobody else is told who this node is: no reader’s request, no other address, no body of another kind', async () => {
  const { sent, signing, asked } = setUp()
  await signing(`${BASE}/network/info`)
  await signing(`${BASE}/network/info`, { method: 'GET' })
  await signing('https://orchard.example/elsewhere', { method: 'POST', body: '{}' })
  await signing(`${BASE}.meadow.example/workers/register`, { method: 'POST', body: '{}' })
  await signing(`${BASE}/workers/register`, { method: 'POST', body: new Uint8Array(3) })
  expect(sent).toHaveLength(5)
  for (const headers of sent) expect(Object.values(SIGNATURE_HEADERS).filter((name) => name in headers)).toEqual([])
  expect(asked()).toBe(0)
})
