import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { StartReport } from '../engine/protocol'
import type { Manifest } from '../shards/manifest'
import { createThroughputBook, throughputKey } from './throughput-book'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'speeds-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const speed = (inferenceRps: number) => ({
  inferenceRps,
  forwardRps: 2,
  requestsPerSecond: 1,
  measuredAt: 1_000,
  device: 'CPU',
})

describe('M-39: speeds that were measured', () => {
  it('are found again under the same key, the newest one, and no more than 32 of them', async () => {
    const path = join(directory, 'speeds.json')
    const book = createThroughputBook(path)
    expect(await book.get('a')).toBeNull()
    await book.set('a', speed(1))
    await book.set('a', speed(3))
    expect(await createThroughputBook(path).get('a')).toEqual(speed(3))
    for (let i = 0; i < 32; i++) await book.set(`other ${i}`, speed(9))
    expect(await book.get('a')).toBeNull()
    expect(await book.get('other 0')).toEqual(speed(9))
  })

  it('are measured again where the file is damaged', async () => {
    const path = join(directory, 'speeds.json')
    await writeFile(path, '[{"key":"a","throughput":{"inferenceRps":-1}}]')
    expect(await createThroughputBook(path).get('a')).toBeNull()
  })

  it('M-39: belong to one model, its blocks, a device, its driver, a build and a number of threads', () => {
    const target = { manifest: { root: 'r' } as Manifest, range: { start: 0, end: 4 }, modelPath: null }
    const device = { name: 'CUDA0', description: 'a card', kind: 'gpu' as const, freeBytes: 1, totalBytes: 2 }
    const start: StartReport = { release: 'v1', libraryDirectory: '/cuda', devices: [device] }
    const used = { devices: ['CUDA0'] }
    const keys = [
      throughputKey(target, used, start, 1),
      throughputKey({ ...target, manifest: { root: 'other' } as Manifest }, used, start, 1),
      throughputKey({ ...target, range: { start: 0, end: 5 } }, used, start, 1),
      throughputKey(target, used, { ...start, devices: [{ ...device, description: 'another card' }] }, 1),
      throughputKey(target, used, { ...start, release: 'v2' }, 1),
      throughputKey(target, used, { ...start, libraryDirectory: '/vulkan' }, 1),
      throughputKey(target, used, start, 2),
      throughputKey(target, used, { ...start, driver: '1' }, 1),
      throughputKey(target, used, { ...start, driver: '2' }, 1),
    ]
    expect(new Set(keys).size).toBe(keys.length)
    expect(throughputKey(target, used, { ...start, devices: [{ ...device, freeBytes: 7 }] }, 1)).toBe(keys[0])
    const processor = { devices: [] }
    expect(throughputKey(target, processor, { ...start, driver: '1' }, 1)).toBe(
      throughputKey(target, processor, start, 1),
    )
  })
})
