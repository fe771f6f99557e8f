import { expect, test } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import { FakeClock } from '../../test/fake-clock'
import { EngineSupervisor, type SupervisorState } from './supervisor'
import { type FakeProcess, fakeProcess } from './testing/fake-process'
import { TEST_LIBRARY } from './testing/test-engine'

const report = { release: 'v0', libraryDirectory: '/lib', devices: [] }

const settle = () => new Promise((resolve) => setImmediate(resolve))

function setUp(spawn?: () => FakeProcess) {
  const clock = new FakeClock()
  const children: FakeProcess[] = []
  const states: SupervisorState[] = []
  const supervisor = new EngineSupervisor({
    clock,
    library: TEST_LIBRARY,
    spawnEngine: () => {
      const child = spawn?.() ?? fakeProcess(children.length + 1)
      children.push(child)
      return child
    },
  })
  supervisor.onState((state) => void states.push(state))
  const last = () => children.at(-1)!
  return { clock, children, states, supervisor, last, names: () => states.map(({ name }) => name) }
}

test('starts, opens the libraries, is ready', async () => {
  const { supervisor, last, names, children } = setUp()
  expect(() => supervisor.engine).toThrow(expect.objectContaining({ code: 'ENGINE_GONE' }))
  supervisor.start()
  supervisor.start()
  expect(last().sent).toMatchObject([{ op: 'start', input: TEST_LIBRARY }])
  last().reply({ id: 0, value: report })
  await settle()
  expect(names()).toEqual(['starting', 'ready'])
  expect(supervisor.engine.pid).toBe(1)
  expect(children).toHaveLength(1)
})

test('O-02: a child that ends at once is started 4 times more, then never again', async () => {
  const { supervisor, clock, children, last, states } = setUp()
  supervisor.start()
  for (let loss = 0; loss < 5; loss++) {
    last().end({ code: 1 })
    await settle()
    await clock.advance(4_000)
  }
  expect(children).toHaveLength(5)
  await clock.advance(10 * 60_000)
  expect(children).toHaveLength(5)
  expect(states.at(-1)).toMatchObject({ name: 'crash-loop', error: { code: 'ENGINE_CRASH_LOOP' } })
  expect(() => supervisor.engine).toThrow(expect.objectContaining({ code: 'ENGINE_CRASH_LOOP' }))
  supervisor.start()
  expect(children).toHaveLength(6)
})

test('losses that lie more than 60 s apart are forgiven', async () => {
  const { supervisor, clock, children, last, states } = setUp()
  supervisor.start()
  for (let loss = 0; loss < 12; loss++) {
    last().end({ signal: 'SIGKILL' })
    await settle()
    await clock.advance(16_000)
  }
  expect(children).toHaveLength(13)
  expect(states.some(({ name }) => name === 'crash-loop')).toBe(false)
})

test('an end that a cancelled load asked for does not count', async () => {
  const { supervisor, clock, children, last, names } = setUp()
  supervisor.start()
  for (let loss = 0; loss < 8; loss++) {
    last().reply({ id: 0, value: report })
    await settle()
    const controller = new AbortController()
    const spec = { slicePath: '/s', entryPath: null, wholeModel: false, isLast: false, contextTokens: 8 }
    const loading = supervisor.engine.load(
      { ...spec, maxBatchTokens: 8, maxSequences: 1, threads: 1, gpuLayers: 0 },
      { signal: controller.signal },
    )
    controller.abort()
    await expect(loading).rejects.toMatchObject({ code: 'CANCELLED' })
    await clock.advance(0)
  }
  expect(children).toHaveLength(9)
  expect(names()).not.toContain('crash-loop')
})

test('libraries that are wrong are not tried again', async () => {
  const { supervisor, clock, children, last, states } = setUp()
  supervisor.start()
  last().reply({ id: 0, error: { code: 'ENGINE_ABI_MISMATCH', detail: 'v0.5.0' } })
  await settle()
  await clock.advance(600_000)
  expect(children).toHaveLength(1)
  expect(states.at(-1)).toMatchObject({ name: 'unusable', error: { code: 'ENGINE_ABI_MISMATCH' } })
})

test('a start that hangs is ended and counts as a loss', async () => {
  const { supervisor, clock, children, names } = setUp()
  supervisor.start()
  await clock.advance(60_001)
  await clock.advance(0)
  expect(names().slice(0, 3)).toEqual(['starting', 'lost', 'starting'])
  expect(children).toHaveLength(2)
})

test('a process that cannot be started counts as a loss', async () => {
  const { supervisor, clock, states } = setUp(() => {
    throw new EspalierError('INTERNAL', 'no memory')
  })
  supervisor.start()
  await clock.advance(60_000)
  expect(states.at(-1)).toMatchObject({ name: 'crash-loop' })
})

test('stop ends the engine, and nothing starts afterwards', async () => {
  const { supervisor, clock, children, last, names } = setUp()
  supervisor.start()
  last().end()
  await settle()
  await supervisor.stop()
  await clock.advance(60_000)
  expect(children).toHaveLength(1)
  expect(names()).toEqual(['starting', 'lost', 'stopped'])
})

test('D-T07: an engine that hangs while it loads is ended and started again; one that says how far it is, or rests, is not', async () => {
  const { supervisor, clock, children, last, states } = setUp()
  supervisor.start()
  last().reply({ id: 0, value: report })
  await settle()
  await clock.advance(3_600_000)
  expect(children).toHaveLength(1)
  const spec = { slicePath: '/s', entryPath: null, wholeModel: false, isLast: false, contextTokens: 8 }
  const loading = supervisor.engine.load({ ...spec, maxBatchTokens: 8, maxSequences: 1, threads: 1, gpuLayers: 0 })
  const lost = expect(loading).rejects.toMatchObject({ code: 'ENGINE_GONE' })
  for (let step = 1; step <= 8; step++) {
    last().reply({ id: 1, progress: step / 10 })
    await clock.advance(240_000)
  }
  expect(children).toHaveLength(1)
  await clock.advance(120_000)
  await lost
  await clock.advance(1_000)
  expect(children).toHaveLength(2)
  const loss = states.find((state) => state.name === 'lost')
  expect(loss).toMatchObject({ error: { message: expect.stringContaining('no sign of life for 5 minutes') } })
})
