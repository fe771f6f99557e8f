import { expect, test } from 'vitest'
import { EspalierError } from '../../../src-shared/errors'
import type { EngineChannel } from './channel'
import { type EngineHandlers, serveEngine } from './server'

const stats = { residentBytes: 1, cpuUserMs: 2, cpuSystemMs: 3, cards: null }
const run = (hidden: unknown) => ({ items: [{ sequence: 0, position: 0, hidden, wantLogits: 'none' }] })

function setUp(handlers: Partial<EngineHandlers>) {
  const posted: unknown[] = []
  let deliver: (message: unknown) => void = () => undefined
  const channel: EngineChannel = {
    post: (message) => void posted.push(message),
    onMessage: (listener) => {
      deliver = listener
    },
    onClose: () => undefined,
  }
  serveEngine(channel, handlers as EngineHandlers)
  return { posted, deliver: (message: unknown) => deliver(message) }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

test('answers in the order of the requests, although one takes longer', async () => {
  const gate = Promise.withResolvers<void>()
  const { posted, deliver } = setUp({
    loadEntry: async () => {
      await gate.promise
      throw new EspalierError('SHARD_MISSING', '/x')
    },
    stats: () => stats,
  })
  deliver({ id: 1, op: 'loadEntry', input: { path: '/x' } })
  deliver({ id: 2, op: 'stats', input: {} })
  await settle()
  expect(posted).toEqual([])
  gate.resolve()
  await settle()
  expect(posted).toEqual([
    { id: 1, error: { code: 'SHARD_MISSING', detail: '/x' } },
    { id: 2, value: stats },
  ])
})

test('progress carries the id of its request and comes before the answer', async () => {
  const { posted, deliver } = setUp({
    stats: (_, onProgress) => {
      onProgress(0.5)
      return stats
    },
  })
  deliver({ id: 9, op: 'stats', input: {} })
  await settle()
  expect(posted).toEqual([
    { id: 9, progress: 0.5 },
    { id: 9, value: stats },
  ])
})

test('what a handler throws by accident is INTERNAL', async () => {
  const { posted, deliver } = setUp({
    stats: () => {
      throw new TypeError('oops')
    },
  })
  deliver({ id: 1, op: 'stats', input: {} })
  await settle()
  expect(posted).toEqual([{ id: 1, error: { code: 'INTERNAL', detail: 'oops' } }])
})

test.each([null, 'stats', {}, { id: 1 }, { id: -1, op: 'stats', input: {} }, { id: 1, op: 'exec', input: {} }])(
  '%j is no request and gets no answer',
  async (message) => {
    const { posted, deliver } = setUp({ stats: () => stats })
    deliver(message)
    await settle()
    expect(posted).toEqual([])
  },
)

test.each([
  ['run', run([1, 2, 3])],
  ['run', run(new Float64Array(4))],
  ['run', { items: [] }],
  ['run', { items: Array.from({ length: 257 }, () => run(new Float32Array(2)).items[0]) }],
  ['run', { items: [{ ...run(new Float32Array(2)).items[0], extra: 1 }] }],
  ['embed', { tokens: new Int32Array(65_537) }],
  ['tokenize', { text: 'x'.repeat(4_194_305), addSpecial: true, parseSpecial: false }],
  ['trim', { sequence: 0.5, position: 0 }],
  ['load', { slicePath: '' }],
  ['start', { accelerator: 'abacus', directory: null }],
])('%s with bad input is BAD_ARGUMENT and does not reach its handler', async (op, input) => {
  const reached: string[] = []
  const handler = () => void reached.push(op)
  const { posted, deliver } = setUp({ [op]: handler } as unknown as Partial<EngineHandlers>)
  deliver({ id: 3, op, input })
  await settle()
  expect(posted).toMatchObject([{ id: 3, error: { code: 'BAD_ARGUMENT' } }])
  expect(reached).toEqual([])
})
