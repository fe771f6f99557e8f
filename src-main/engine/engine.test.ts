import { expect, test } from 'vitest'
import { EngineClient } from './engine'
import { fakeProcess } from './testing/fake-process'

const stats = { residentBytes: 1, cpuUserMs: 2, cpuSystemMs: 3, cards: null }

test('answers reach their callers by id, in any order', async () => {
  const child = fakeProcess()
  const engine = new EngineClient(child)
  const [first, second] = [engine.stats(), engine.stats()]
  child.reply({ id: child.sent[1]!.id, value: { ...stats, residentBytes: 20 } })
  child.reply({ id: child.sent[0]!.id, value: { ...stats, residentBytes: 10 } })
  expect((await first).residentBytes).toBe(10)
  expect((await second).residentBytes).toBe(20)
})

test('errors keep code and particulars', async () => {
  const child = fakeProcess()
  const pending = new EngineClient(child).loadEntry('/x')
  child.reply({ id: 0, error: { code: 'GGUF_INVALID', detail: '/x' } })
  await expect(pending).rejects.toMatchObject({ code: 'GGUF_INVALID', message: expect.stringMatching(/: \/x$/) })
})

test('messages that are no answers are ignored; an answer of the wrong form is an error', async () => {
  const child = fakeProcess()
  const pending = new EngineClient(child).stats()
  for (const message of [{ id: 7, value: stats }, { id: -1, value: stats }, { id: 0 }, { id: 0, progress: 2 }, {}]) {
    child.reply(message)
  }
  child.reply({ id: 0, value: { residentBytes: 'many' } })
  await expect(pending).rejects.toMatchObject({ code: 'INTERNAL' })
})

test('when the process ends, everything pending and everything after is ENGINE_GONE', async () => {
  const child = fakeProcess()
  const engine = new EngineClient(child)
  const pending = [engine.stats(), engine.tokenize('x')]
  child.end({ signal: 'SIGSEGV' })
  for (const result of await Promise.allSettled(pending)) {
    expect(result).toMatchObject({ reason: { code: 'ENGINE_GONE', message: expect.stringContaining('SIGSEGV') } })
  }
  await expect(engine.stats()).rejects.toMatchObject({ code: 'ENGINE_GONE' })
  expect(await engine.exited).toEqual({ code: null, signal: 'SIGSEGV', wanted: false })
})

test('an end that we asked for is wanted', async () => {
  const engine = new EngineClient(fakeProcess())
  await engine.stop()
  expect(await engine.exited).toMatchObject({ wanted: true })
})

test('a probe runs in the sequence that is never leased, and clears it', async () => {
  const child = fakeProcess()
  const engine = new EngineClient(child)
  const spec = {
    slicePath: '/s',
    entryPath: null,
    wholeModel: false,
    isLast: false,
    contextTokens: 8,
    maxBatchTokens: 8,
  }
  const loading = engine.load({ ...spec, maxSequences: 2, threads: 1, gpuLayers: 0 })
  child.reply({
    id: 0,
    value: {
      ...{ blockCount: 1, embeddingLength: 2, vocabSize: 8, contextTokens: 8, maxBatchTokens: 8, modelBytes: 1 },
      ...{ residentBytesBefore: 1, residentBytesAfter: 1, loadMs: 1, devices: [], cards: [], entry: null },
    },
  })
  await loading
  const hidden = new Float32Array(2)
  const probing = engine.probe({ hidden }, 'none')
  expect(child.sent.slice(1)).toMatchObject([
    { op: 'run', input: { items: [{ sequence: 2, position: 0, hidden }] } },
    { op: 'trim', input: { sequence: 2, position: 0 } },
  ])
  child.reply({ id: 1, value: { items: [{ hidden, logits: null, token: null }], computeMs: 1 } })
  child.reply({ id: 2, value: {} })
  expect((await probing).items).toHaveLength(1)
  expect([engine.openSequence(), engine.openSequence()]).toEqual([0, 1])
  expect(() => engine.openSequence()).toThrow(expect.objectContaining({ code: 'SESSION_LIMIT' }))
})

test('the log gets lines of trouble only, and the end of the process names the first', async () => {
  const child = fakeProcess()
  const lines: string[] = []
  const engine = new EngineClient(child, { onLog: (line) => void lines.push(line) })
  const pending = engine.stats()
  for (const line of ['load: a tensor', 'set_abort_callback: call', 'x.cpp:7: GGML_ASSERT(a) failed', 'an error']) {
    child.print(line)
  }
  child.end({ signal: 'SIGABRT' })
  await expect(pending).rejects.toThrow('signal SIGABRT, after "x.cpp:7: GGML_ASSERT(a) failed"')
  expect(lines).toEqual(['x.cpp:7: GGML_ASSERT(a) failed', 'an error'])
})
