import { request as httpRequest } from 'node:http'
import OpenAI, { APIError } from 'openai'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import type { GenerateRequest } from '../node/node'
import { createEventLog } from '../storage/event-log'
import type { ApiNode } from './answer'
import { type ApiServer, startApiServer } from './api-server'

const KEY = 'sk-test-0123456789'
const MODEL = 'owner/Model-1B'
const releases: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const release of releases.splice(0)) await release()
})

const LEFT = { peerId: 'first', blocks: { start: 4, end: 8 }, code: 'STAGE_LOST' } as const
const MOVE = [
  { ...LEFT, replacements: [], token: 2 },
  { ...LEFT, replacements: ['second'], token: 2 },
]

/** A node that says the same words every time, and remembers how it was asked. */
function scriptedNode(words: string[], { hasChatTemplate = true } = {}) {
  const asked: GenerateRequest[] = []
  const state = {
    asked,
    isReady: true,
    whyNot: new EspalierError('NODE_NOT_READY'),
    aborted: 0,
    /** Thrown before the word with this index. */
    failure: null as { at: number; error: EspalierError } | null,
    /** A node leaves, and another takes over, before the word with this index. */
    movesAt: null as number | null,
    /** Waits, until the asker goes away, before the word with this index. */
    hangAt: null as number | null,
  }
  const node: ApiNode = {
    model: () => (state.isReady ? { name: MODEL, contextTokens: 64, hasChatTemplate } : null),
    whyNoModel: () => state.whyNot,
    async generate(request) {
      asked.push(request)
      const tokens: number[] = []
      let text = ''
      let endedBy: 'model' | 'limit' | 'listener' = 'model'
      for (const [index, word] of words.entries()) {
        if (state.failure?.at === index) throw state.failure.error
        if (state.movesAt === index) for (const change of MOVE) request.onRouteChange?.(change)
        if (state.hangAt === index) {
          await new Promise((resolve) => request.signal.addEventListener('abort', resolve))
          state.aborted++
          throw new EspalierError('CANCELLED')
        }
        tokens.push(index)
        text += word
        if (request.onToken({ token: index, text: word, logits: null }) === 'enough') {
          endedBy = 'listener'
          break
        }
        if (tokens.length === request.maxTokens) {
          endedBy = 'limit'
          break
        }
        await new Promise((resolve) => setImmediate(resolve))
      }
      return {
        promptTokens: Int32Array.of(1, 2, 3),
        tokens,
        text,
        endedBy,
        schedule: [],
        route: [],
        lost: state.movesAt === null ? [] : [{ ...LEFT, cause: 'it went', pauseMs: 40 }],
        tokensPerSecond: 1,
        stageComputeMs: [0.5],
        tokenMs: 1,
        hops: [{ peerId: '12D3KooX', blocks: { start: 0, end: 8 }, computeMs: 0.5 }],
      }
    },
  }
  return { node, state }
}

async function serve(node: ApiNode | null): Promise<{ server: ApiServer; client: OpenAI }> {
  const log = createEventLog(systemClock, null)
  const server = await startApiServer({ clock: systemClock, log, node: () => node, key: KEY, port: 0 })
  releases.push(() => server.close())
  return { server, client: new OpenAI({ baseURL: server.url, apiKey: KEY, maxRetries: 0 }) }
}

const ask = { model: MODEL, messages: [{ role: 'user' as const, content: 'hi' }] }

describe('the official client', () => {
  it('lists the model, and finds it by a name with a slash', async () => {
    const { client } = await serve(scriptedNode([]).node)
    const { data } = await client.models.list()
    expect(data.map(({ id }) => id)).toEqual([MODEL])
    expect((await client.models.retrieve(MODEL)).id).toBe(MODEL)
    await expect(client.models.retrieve('other')).rejects.toMatchObject({ status: 404, code: 'model_not_found' })
  })

  it('gets a chat answer with its usage, and the route beside it', async () => {
    const { node, state } = scriptedNode(['Hello', ' there'])
    const { client } = await serve(node)
    const answer = await client.chat.completions.create({
      ...ask,
      messages: [
        { role: 'developer', content: 'be brief' },
        { role: 'user', content: [{ type: 'text', text: 'hi' }] },
      ],
      max_completion_tokens: 9,
      seed: -1,
      temperature: 0.5,
      top_p: 0.9,
      frequency_penalty: 0.25,
    })
    expect(answer.choices[0]).toMatchObject({
      message: { role: 'assistant', content: 'Hello there' },
      finish_reason: 'stop',
    })
    expect(answer.usage).toEqual({ prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 })
    expect(answer).toMatchObject({ espalier: { route: [{ peer_id: '12D3KooX' }] } })
    expect(state.asked[0]).toMatchObject({
      prompt: [
        { role: 'system', text: 'be brief' },
        { role: 'user', text: 'hi' },
      ],
      maxTokens: 9,
      sampling: { seed: 0xffff_ffff, temperature: 0.5, topP: 0.9, frequencyPenalty: 0.25 },
    })
  })

  it('streams a chat answer in parts, and its usage when it asks', async () => {
    const { client } = await serve(scriptedNode(['One', ' two', ' three']).node)
    const stream = await client.chat.completions.create({
      ...ask,
      stream: true,
      stream_options: { include_usage: true },
    })
    const parts: string[] = []
    const ends: unknown[] = []
    const usages: unknown[] = []
    for await (const chunk of stream) {
      const [choice] = chunk.choices
      if (choice?.delta.content) parts.push(choice.delta.content)
      if (choice?.finish_reason) ends.push(choice.finish_reason)
      usages.push(chunk.usage)
    }
    expect(parts).toEqual(['One', ' two', ' three'])
    expect(ends).toEqual(['stop'])
    // Every part has the field, and the last one alone the figures.
    expect(usages.splice(-1)).toEqual([{ prompt_tokens: 3, completion_tokens: 3, total_tokens: 6 }])
    expect(usages).toEqual([null, null, null, null, null])
    const plain = await client.chat.completions.create({ ...ask, stream: true })
    for await (const chunk of plain) expect(chunk).not.toHaveProperty('usage')
  })

  it('completes a text, whole and in parts, up to its limit', async () => {
    const { node, state } = scriptedNode(['a', 'b', 'c'])
    const { client } = await serve(node)
    const request = { model: MODEL, prompt: 'x', max_tokens: 2, temperature: 0 }
    const whole = await client.completions.create(request)
    expect(whole.choices[0]).toMatchObject({ text: 'ab', finish_reason: 'length' })
    let text = ''
    for await (const chunk of await client.completions.create({ ...request, stream: true })) {
      text += chunk.choices[0]?.text ?? ''
    }
    expect(text).toBe('ab')
    // Nothing to draw: the last stage takes the likeliest token, which is the shortest way.
    expect(state.asked.map(({ sampling }) => sampling)).toEqual([undefined, undefined])
  })

  it('ends at a stop, which is not shown, even where it is cut in two', async () => {
    const { node, state } = scriptedNode(['Hi', ' EN', 'D', ' never'])
    const { client } = await serve(node)
    const answer = await client.chat.completions.create({ ...ask, stop: ['END'] })
    expect(answer.choices[0]).toMatchObject({ message: { content: 'Hi ' }, finish_reason: 'stop' })
    expect(answer.usage?.completion_tokens).toBe(3)
    expect(state.asked).toHaveLength(1)
  })

  it('ends a plain chat where the model goes on with the person’s part', async () => {
    const { client } = await serve(scriptedNode(['Fine.', '\nUser', ': and'], { hasChatTemplate: false }).node)
    expect((await client.chat.completions.create(ask)).choices[0]?.message.content).toBe('Fine.')
  })

  it('goes away in the middle, and the generation ends', async () => {
    const { node, state } = scriptedNode(['One', ' two'])
    state.hangAt = 1
    const { client } = await serve(node)
    const stream = await client.chat.completions.create({ ...ask, stream: true })
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break
    await expect.poll(() => state.aborted).toBe(1)
    const controller = new AbortController()
    const whole = client.chat.completions.create(ask, { signal: controller.signal })
    setTimeout(() => controller.abort(), 50)
    await expect(whole).rejects.toBeInstanceOf(OpenAI.APIUserAbortError)
    await expect.poll(() => state.aborted).toBe(2)
  })

  it('is told what failed: with a status before the first word, in the stream after it', async () => {
    const { node, state } = scriptedNode(['One', ' two'])
    const { client } = await serve(node)
    const failing = (at: number, error: EspalierError) => {
      state.failure = { at, error }
    }
    failing(0, new EspalierError('PROMPT_TOO_LONG', '90 tokens'))
    const stream = { ...ask, stream: true as const }
    for (const request of [ask, stream]) {
      await expect(client.chat.completions.create(request)).rejects.toMatchObject({
        status: 400,
        code: 'context_length_exceeded',
        type: 'invalid_request_error',
      })
    }
    failing(0, new EspalierError('CHAIN_INCOMPLETE'))
    await expect(client.chat.completions.create(ask)).rejects.toMatchObject({ status: 503 })
    failing(1, new EspalierError('STAGE_LOST', 'node b'))
    const parts = await client.chat.completions.create(stream)
    const seen: string[] = []
    await expect(
      (async () => {
        for await (const chunk of parts) seen.push(chunk.choices[0]?.delta.content ?? '')
      })(),
    ).rejects.toThrow(/went away/)
    expect(seen.join('')).toBe('One')
  })

  it('is refused what we don’t do, by the name of the field', async () => {
    const { node, state } = scriptedNode(['x'])
    const { client } = await serve(node)
    const refused: [object, string][] = [
      [{ n: 2 }, 'n'],
      [{ temperature: 99 }, 'temperature'],
      [{ logprobs: true }, 'logprobs'],
      [{ response_format: { type: 'json_schema', json_schema: { name: 'x' } } }, 'response_format.type'],
      [{ tools: [{ type: 'function', function: { name: 'f' } }] }, 'tools'],
      [{ messages: [] }, 'messages'],
      [{ messages: [{ role: 'tool', content: 'x', tool_call_id: '1' }] }, 'messages.0.role'],
      [{ max_tokens: 0 }, 'max_tokens'],
    ]
    for (const [changes, param] of refused) {
      const call = client.chat.completions.create({ ...ask, ...changes })
      await expect(call, param).rejects.toMatchObject({ status: 400, param })
    }
    await expect(client.chat.completions.create({ ...ask, model: 'gpt-4' })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    })
    expect(state.asked).toEqual([])
  })

  it('asks for a JSON object, and only when it says so', async () => {
    const { node, state } = scriptedNode(['{}'])
    const { client } = await serve(node)
    await client.chat.completions.create({ ...ask, response_format: { type: 'json_object' } })
    await client.chat.completions.create({ ...ask, response_format: { type: 'text' } })
    expect(state.asked.map(({ format }) => format)).toEqual(['json', undefined])
  })

  it('is told when there is no node, or none that is ready', async () => {
    const { node, state } = scriptedNode([])
    state.isReady = false
    for (const [given, code] of [
      [null, 'node_stopped'],
      [node, 'node_not_ready'],
    ] as const) {
      const { client } = await serve(given)
      expect((await client.models.list()).data).toEqual([])
      await expect(client.chat.completions.create(ask)).rejects.toMatchObject({ status: 503, code })
    }
  })

  it('may have four answers at once', async () => {
    const { node, state } = scriptedNode(['x'])
    state.hangAt = 0
    const { client } = await serve(node)
    const controller = new AbortController()
    const four = Array.from({ length: 4 }, () =>
      client.chat.completions.create(ask, { signal: controller.signal }).catch(() => undefined),
    )
    await expect.poll(() => state.asked.length).toBe(4)
    await expect(client.chat.completions.create(ask)).rejects.toMatchObject({ status: 429 })
    controller.abort()
    await Promise.all(four)
    await expect.poll(() => state.aborted).toBe(4)
    state.hangAt = null
    await expect
      .poll(() =>
        client.chat.completions.create(ask).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true)
  })
})

describe('a node of the route leaves in the middle', () => {
  const stream = async (url: string) => {
    const response = await fetch(`${url}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ ...ask, stream: true }),
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    })
    return response.text()
  }
  const COMMENTS = [
    ': The node first left. Looking for another one that serves blocks 4–7.',
    ': The node first left. Continuing with second from token 2.',
  ]

  it.each([0, 1])('D-T28: is told in comments before word %i, which OpenAI’s client skips', async (movesAt) => {
    const { node, state } = scriptedNode(['One', ' two'])
    state.movesAt = movesAt
    const { client, server } = await serve(node)
    const lines = (await stream(server.url)).split('\n').filter((line) => line !== '')
    expect(lines.filter((line) => line.startsWith(':'))).toEqual(COMMENTS)
    const at = lines.findIndex((line) => line.includes(movesAt === 0 ? '"One"' : '" two"'))
    expect(lines.indexOf(COMMENTS[1] ?? '')).toBeLessThan(at)
    expect(lines.at(-2)).toContain(
      '"lost":[{"peer_id":"first","blocks":{"start":4,"end":8},"code":"STAGE_LOST","pause_ms":40}]',
    )

    let text = ''
    for await (const part of await client.chat.completions.create({ ...ask, stream: true })) {
      text += part.choices[0]?.delta.content ?? ''
    }
    expect(text).toBe('One two')
  })
})

describe('strangers', () => {
  it('get nothing without the key, in OpenAI’s words', async () => {
    const { server } = await serve(scriptedNode(['x']).node)
    const stranger = new OpenAI({ baseURL: server.url, apiKey: 'sk-wrong', maxRetries: 0 })
    const error = await stranger.models.list().catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(APIError)
    expect(error).toMatchObject({ status: 401, code: 'invalid_api_key', type: 'authentication_error' })
  })

  it('can’t guess for long, and shut nobody out who has the right key', async () => {
    const { server, client } = await serve(scriptedNode(['x']).node)
    const stranger = new OpenAI({ baseURL: server.url, apiKey: 'sk-wrong', maxRetries: 0 })
    const statuses: unknown[] = []
    for (let guess = 0; guess < 14; guess++) {
      statuses.push(await stranger.models.list().catch((error: unknown) => (error as APIError).status))
    }
    expect(statuses.slice(0, 9)).toEqual(Array(9).fill(401))
    expect(statuses).toContain(429)
    expect((await client.models.list()).data).toHaveLength(1)
  })

  it('can’t reach it through a name of their own (DNS rebinding), nor from a web page', async () => {
    const { server } = await serve(scriptedNode(['x']).node)
    const call = (headers: Record<string, string>, method = 'GET') =>
      new Promise<{ status: number | undefined; allow: unknown }>((resolve, reject) => {
        httpRequest({ host: '127.0.0.1', port: server.port, path: '/v1/models', method, headers }, (response) => {
          response.resume()
          resolve({ status: response.statusCode, allow: response.headers['access-control-allow-origin'] })
        })
          .on('error', reject)
          .end()
      })
    const authorization = `Bearer ${KEY}`
    expect((await call({ host: 'evil.example', authorization })).status).toBe(403)
    expect((await call({ host: `evil.example:${server.port}`, authorization })).status).toBe(403)
    expect((await call({ host: `localhost:${server.port}`, authorization })).status).toBe(200)
    const preflight = await call({ host: `localhost:${server.port}`, origin: 'https://evil.example' }, 'OPTIONS')
    expect(preflight).toEqual({ status: 403, allow: undefined })
  })

  it('what is no JSON, or too much of it, is a refusal and not a failure', async () => {
    const { server } = await serve(scriptedNode(['x']).node)
    const post = async (body: string, type = 'application/json') => {
      const response = await fetch(`${server.url}/chat/completions`, {
        method: 'POST',
        body,
        headers: { authorization: `Bearer ${KEY}`, 'content-type': type },
      })
      return { status: response.status, body: await response.json() }
    }
    expect(await post('{')).toMatchObject({ status: 400, body: { error: { type: 'invalid_request_error' } } })
    expect(await post('null')).toMatchObject({ status: 400 })
    expect(await post('<x/>', 'application/xml')).toMatchObject({ status: 415 })
    expect(await post(`"${'x'.repeat(9 * 1024 * 1024)}"`)).toMatchObject({ status: 413 })
  })
})
