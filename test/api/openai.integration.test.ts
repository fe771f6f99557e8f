import OpenAI from 'openai'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ApiServer, startApiServer } from '../../src-main/api/api-server'
import { createEventLog } from '../../src-main/storage/event-log'
import { systemClock } from '../../src-shared/clock'
import { isVisible, type LiveNetwork, type LiveNode, startLiveNetwork, until } from '../live-network'

// The official client, our API, two nodes with half of a real model each, and llama.cpp in both.
let network: LiveNetwork
let nodes: LiveNode[]
let server: ApiServer
let client: OpenAI
let model: string

beforeAll(async () => {
  network = await startLiveNetwork()
  nodes = [await network.join(), await network.join()]
  for (const node of nodes) await until(node, 'visible', isVisible)
  const asking = nodes.find(({ node }) => node.model() !== null)
  if (!asking) throw new Error('no node has the model’s vocabulary')
  const log = createEventLog(systemClock, null)
  server = await startApiServer({ clock: systemClock, log, node: () => asking.node, key: 'sk-live', port: 0 })
  client = new OpenAI({ baseURL: server.url, apiKey: 'sk-live', maxRetries: 0 })
  model = (await client.models.list()).data[0]!.id
}, 120_000)
afterAll(async () => {
  await server?.close()
  await network?.close()
})

it('the same seed gives the same words, whole and in parts; temperature 0 needs none', async () => {
  const request = { model, prompt: 'A hacker is', max_tokens: 24, temperature: 1.1, top_p: 0.95, seed: 7 }
  const whole = await client.completions.create(request)
  expect(whole.usage).toMatchObject({ completion_tokens: 24 })
  let text = ''
  for await (const chunk of await client.completions.create({ ...request, stream: true })) {
    text += chunk.choices[0]?.text ?? ''
  }
  expect(text).toBe(whole.choices[0]?.text)
  const other = await client.completions.create({ ...request, seed: 8 })
  expect(other.choices[0]?.text).not.toBe(text)
  const greedy = await Promise.all(
    [1, 2].map((seed) => client.completions.create({ ...request, temperature: 0, seed })),
  )
  expect(greedy[0]?.choices[0]?.text).toBe(greedy[1]?.choices[0]?.text)
  const { espalier } = whole as unknown as { espalier: { route: { peer_id: string }[] } }
  expect(new Set(espalier.route.map(({ peer_id }) => peer_id))).toEqual(
    new Set(nodes.map(({ node }) => node.status().peerId)),
  )
})

it('an answer in exact mode says so, and one that did not ask for it that it was none', async () => {
  const greedy = { model, prompt: 'A hacker is', max_tokens: 12, temperature: 0 }
  const isExact = async (more: object) => {
    const answer = (await client.completions.create({ ...greedy, ...more })) as unknown as { espalier: object }
    return answer.espalier
  }
  expect(await isExact({ exact: true })).toMatchObject({ exact: true })
  expect(await isExact({})).toMatchObject({ exact: false })
  await expect(isExact({ exact: 'yes' })).rejects.toMatchObject({ status: 400, param: 'exact' })
})

it('a chat of a model without a template is answered in plain words', async () => {
  const answer = await client.chat.completions.create({
    model,
    messages: [{ role: 'user', content: 'What is a hacker?' }],
    max_tokens: 12,
    seed: 1,
  })
  expect(answer.choices[0]?.message.role).toBe('assistant')
  expect(answer.usage?.prompt_tokens).toBeGreaterThan(5)
  expect(answer.usage?.completion_tokens).toBeGreaterThan(0)
})

it('JSON mode: an answer that ends by itself is one JSON object, in parts too; a schema is refused by name', async () => {
  const messages = [{ role: 'user' as const, content: 'Describe a hacker in JSON' }]
  const ask = { model, messages, max_tokens: 60, response_format: { type: 'json_object' as const } }
  for (let seed = 1; seed <= 2; seed++) {
    const { choices } = await client.chat.completions.create({ ...ask, seed, temperature: 1.3 })
    const { finish_reason, message } = choices[0]!
    expect(message.content?.trim()[0]).toBe('{')
    // This small model seldom comes to an end; that what does is whole is shown in grammar.integration.test.ts.
    if (finish_reason === 'stop') expect(JSON.parse(message.content ?? '')).toBeTypeOf('object')
    else expect(finish_reason).toBe('length')
  }
  let text = ''
  for await (const chunk of await client.chat.completions.create({ ...ask, max_tokens: 12, stream: true }))
    text += chunk.choices[0]?.delta.content ?? ''
  expect(text.trim()[0]).toBe('{')
  const schema = { type: 'json_schema' as const, json_schema: { name: 'x', schema: {} } }
  await expect(client.chat.completions.create({ ...ask, response_format: schema })).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining('only text and json_object are supported'),
  })
})

it('a client that goes away in the middle leaves no session on any node', async () => {
  // Each node has room for two.
  for (let round = 0; round < 3; round++) {
    const stream = await client.completions.create({ model, prompt: 'A hacker is', max_tokens: 200, stream: true })
    let parts = 0
    for await (const _ of stream) if (++parts === 3) break
  }
  const ask = () => client.completions.create({ model, prompt: 'A hacker is', max_tokens: 8 })
  const bothDone = () => Promise.all([ask(), ask()]).then(() => 'both', String)
  await expect.poll(bothDone, { timeout: 15_000 }).toBe('both')
})

it('a prompt that does not fit is refused by name', async () => {
  await expect(client.completions.create({ model, prompt: 'word '.repeat(600) })).rejects.toMatchObject({
    status: 400,
    code: 'context_length_exceeded',
  })
})
