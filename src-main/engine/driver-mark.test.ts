import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { driverMark } from './driver-mark'
import type { Device } from './protocol'

const card: Device = { name: 'Vulkan0', description: 'a card', kind: 'gpu', freeBytes: 1, totalBytes: 2 }
const processor: Device = { ...card, kind: 'cpu' }

it('M-39: a driver that was updated has another mark, and llama.cpp’s own files and those that are gone have no part in it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'driver-'))
  try {
    const driver = join(directory, 'libdriver.so')
    await writeFile(driver, 'one')
    await utimes(driver, 1, 1)
    const loaded = [driver, 'linux-vdso.so.1', '/own/libggml.so']
    const mark = driverMark([processor, card], '/own', () => loaded)
    expect(mark).toMatch(/^[0-9a-f]{16}$/)
    expect(driverMark([processor, card], '/own', () => loaded.slice(0, 2))).toBe(mark)
    expect(driverMark([processor, card], '/own', () => loaded.toReversed())).toBe(mark)
    await utimes(driver, 2, 2)
    expect(driverMark([processor, card], '/own', () => loaded)).not.toBe(mark)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

it('the processor has no driver, and a process that cannot look says nothing', () => {
  expect(driverMark([processor], '/own')).toBeUndefined()
  const fails = () => {
    throw new Error('no report')
  }
  expect(driverMark([card], '/own', fails)).toBeUndefined()
})

it('this process knows what it has loaded', () => {
  expect(driverMark([card], '/own')).toBe(driverMark([card], '/own'))
  expect(driverMark([card], '/own')).not.toBe(driverMark([card], '/own', () => []))
})
