import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { createFakeElectron } from '../../e2e/electron-shim/fake-electron'
import { systemClock } from '../../src-shared/clock'
import type { OwnedChild } from '../process/owned-child'
import { createUtilityStarter } from './utility-child'

const script = fileURLToPath(new URL('../../e2e/electron-shim/testing/echo.mjs', import.meta.url))
const children: OwnedChild[] = []
afterEach(() => Promise.all(children.splice(0).map((child) => child.stop(0))))

function start(options: { ipc?: boolean; env?: Record<string, string>; args?: string[] } = {}): OwnedChild {
  const fake = createFakeElectron()
  fake.app.becomeReady()
  const child = createUtilityStarter(fake.electron, systemClock)({ script, ipc: true, ...options })
  children.push(child)
  return child
}
const next = (child: OwnedChild) =>
  new Promise<unknown>((resolve) => {
    const stop = child.onMessage((message) => {
      stop()
      resolve(message)
    })
  })
async function ask(child: OwnedChild, message: Parameters<OwnedChild['send']>[0]): Promise<unknown> {
  const answer = next(child)
  child.send(message)
  return answer
}

it('is a process of its own that knows it is Electron’s', async () => {
  const child = start({ env: { GIVEN: 'yes' } })
  expect(await ask(child, 'where')).toMatchObject({ type: 'utility', hasSend: 'undefined', env: 'yes' })
  expect(child.pid).toBeGreaterThan(0)
  expect(child.pid).not.toBe(process.pid)
})

it('carries typed arrays both ways', async () => {
  const child = start()
  const pool = new Float32Array(1_000_000)
  const hidden = pool.subarray(10, 14)
  hidden.set([1, 2, 3, 4])
  const answer = (await ask(child, { id: 1, hidden, tokens: [new Int32Array([5])], bytes: Buffer.from('ab') })) as {
    hidden: Float32Array
    tokens: Int32Array[]
    bytes: Uint8Array
  }
  expect(answer.hidden).toEqual(new Float32Array([1, 2, 3, 4]))
  expect(answer.tokens).toEqual([new Int32Array([5])])
  expect([...answer.bytes]).toEqual([97, 98])
})

it('gives the lines of its output, and its arguments to the script', async () => {
  const child = start({ args: ['--one', 'two'] })
  const lines = await new Promise<string[]>((resolve) => {
    const heard: string[] = []
    const keep = (line: string) => {
      heard.push(line)
      if (heard.length === 2) resolve(heard)
    }
    child.onStdoutLine(keep)
    child.onStderrLine(keep)
  })
  expect(lines.toSorted()).toEqual(['started with --one two', 'trouble'])
})

it('tells of its end, and takes no more messages then', async () => {
  const child = start()
  child.send('exit')
  expect(await child.exited).toEqual({ code: 7, signal: null })
  expect(() => child.send('x')).toThrow('ended')
  await child.stop()
})

it('stops when asked, when killed, and before it has begun', async () => {
  const asked = start()
  await ask(asked, 'where')
  await asked.stop()
  const killed = start()
  await ask(killed, 'where')
  killed.kill()
  await killed.exited
  await start().stop(50)
})

it('only after Electron is ready', () => {
  const { electron } = createFakeElectron()
  expect(() => createUtilityStarter(electron, systemClock)({ script })).toThrow('ready')
})

it('D-02: buffers over native memory are refused, as Electron refuses them', async () => {
  expect(await ask(start(), 'view')).toBe('This runtime does not support external buffers')
})
