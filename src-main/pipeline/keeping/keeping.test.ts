import { open, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../src-shared/clock'
import { temporaryDirectory } from '../../../test/models/temporary'
import { createEventLog, type LogEvent } from '../../storage/event-log'
import { encodeFrame, type StepFrame } from '../frames'
import { createKeeping, type KeepingLimits, type KeptStates } from './keeping'

const WIDTH = 64
const LIMITS: KeepingLimits = { sessionMemoryBytes: 8_192, memoryBytes: 65_536, diskBytes: 1_000_000 }
const idOf = (number: number) => number.toString(16).padStart(32, '0')

/** A batch whose rows say where they are. */
function batch(session: string, position: number, rows = 1, isHalf = false): StepFrame {
  const hidden = Float32Array.from({ length: rows * WIDTH }, (_, i) => position + i / 1024)
  return {
    ...{ type: 'step', session, position, rows, wantsAnswer: rows === 1, computeMs: [1.5], isHalf, input: { hidden } },
  }
}

function setUp(options: Partial<Parameters<typeof createKeeping>[0]> = {}) {
  const log = createEventLog(systemClock, null)
  const events: LogEvent[] = []
  log.subscribe((event) => void events.push(event))
  const keeping = createKeeping({ directory: null, limits: LIMITS, ...options, log })
  const reasons = () => events.map(({ code, message }) => `${code}: ${message}`)
  return { keeping, reasons }
}

async function all(kept: KeptStates): Promise<StepFrame[]> {
  const frames: StepFrame[] = []
  for await (const frame of kept.read()) frames.push(frame)
  return frames
}

const wireOf = (frames: readonly StepFrame[]) =>
  frames.map((frame) => Buffer.concat(encodeFrame(frame)).toString('hex'))

async function filled(kept: KeptStates, batches: readonly StepFrame[]): Promise<void> {
  for (const one of batches) {
    kept.add(one)
    await systemClock.sleep(1)
  }
}

describe('the hidden states of a session', () => {
  it('come back in their batches and to the bit, from memory and from disk, in single and in half precision', async () => {
    const directory = join(await temporaryDirectory(), 'kept')
    const { keeping } = setUp({ directory })
    for (const [number, isHalf] of [false, true].entries()) {
      const kept = keeping.open(idOf(number))
      const batches = [batch(idOf(number), 0, 32, isHalf)]
      for (let position = 32; position < 100; position++) batches.push(batch(idOf(number), position, 1, isHalf))
      for (const one of batches) {
        kept.add(one)
        // A disk that is slower than the session would leave more of it in memory.
        const isWritten = () => keeping.use.memoryBytes <= LIMITS.sessionMemoryBytes
        if (!isWritten()) await expect.poll(isWritten, { interval: 1 }).toBe(true)
      }
      expect(keeping.use.diskBytes).toBeGreaterThan(0)
      expect(wireOf(await all(kept))).toEqual(wireOf(batches))
      expect([0, 32, 33, 100].map((row) => kept.hasEdge(row))).toEqual([true, true, true, true])
      expect([7, 101].map((row) => kept.hasEdge(row))).toEqual([false, false])
      kept.drop()
      await keeping.settled()
      expect(keeping.use).toEqual({ sessions: 0, memoryBytes: 0, diskBytes: 0 })
      expect(await readdir(directory)).toEqual([])
    }
  })

  it('lie on disk for nobody else: private to the user, and unreadable without this process', async () => {
    const directory = join(await temporaryDirectory(), 'kept')
    const { keeping } = setUp({ directory })
    const kept = keeping.open(idOf(1))
    await filled(kept, [batch(idOf(1), 0, 64), batch(idOf(1), 64)])
    await expect.poll(async () => (await readdir(directory).catch(() => [])).length).toBe(1)
    const path = join(directory, `${idOf(1)}.kept`)
    await expect.poll(async () => (await stat(path)).size).toBeGreaterThan(64 * WIDTH * 4)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    const bytes = await readFile(path)
    expect(bytes.includes(Buffer.from(Float32Array.from({ length: 4 }, (_, i) => i / 1024).buffer))).toBe(false)
    bytes[1000] = (bytes[1000] ?? 0) ^ 1
    await writeFile(path, bytes)
    await expect(all(kept)).rejects.toThrow()
    kept.drop()
    await keeping.settled()
  })

  it('of a run that was killed are removed at the next start', async () => {
    const directory = join(await temporaryDirectory(), 'kept')
    const before = setUp({ directory }).keeping
    await filled(before.open(idOf(1)), [batch(idOf(1), 0, 64), batch(idOf(1), 64)])
    await expect.poll(async () => (await readdir(directory).catch(() => [])).length).toBe(1)
    await setUp({ directory }).keeping.start()
    await expect(readdir(directory)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('are given up where there is no disk for what the memory can’t hold', async () => {
    const { keeping, reasons } = setUp()
    const kept = keeping.open(idOf(1))
    await filled(kept, [batch(idOf(1), 0, 8)])
    expect(kept.isWhole).toBe(true)
    await filled(kept, [batch(idOf(1), 8, 64)])
    expect(kept.isWhole).toBe(false)
    expect(keeping.use).toEqual({ sessions: 0, memoryBytes: 0, diskBytes: 0 })
    expect(reasons()).toEqual([expect.stringContaining('pipeline.kept.given-up')])
    await expect(all(kept)).rejects.toMatchObject({ code: 'SESSION_UNKNOWN' })
  })

  it('are given up on a full disk, and leave no file; sessions that need none go on', async () => {
    const directory = join(await temporaryDirectory(), 'kept')
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    const { keeping, reasons } = setUp({
      directory,
      async openFile(path) {
        const file = await open(path, 'wx+', 0o600)
        return { close: () => file.close(), read: file.read.bind(file), write: () => Promise.reject(full) }
      },
    })
    const small = keeping.open(idOf(1))
    const large = keeping.open(idOf(2))
    await filled(small, [batch(idOf(1), 0, 4)])
    await filled(large, [batch(idOf(2), 0, 64)])
    await expect.poll(() => large.isWhole).toBe(false)
    await keeping.settled()
    expect(await readdir(directory)).toEqual([])
    expect(reasons()).toEqual([expect.stringContaining('no space left on device')])
    expect(await all(small)).toHaveLength(1)
  })

  it('take no more disk than there is for them', async () => {
    const directory = join(await temporaryDirectory(), 'kept')
    const { keeping } = setUp({ directory, limits: { ...LIMITS, diskBytes: 50_000 } })
    const sessions = [1, 2, 3, 4].map((number) => ({ number, kept: keeping.open(idOf(number)) }))
    for (const { number, kept } of sessions) {
      await filled(kept, [batch(idOf(number), 0, 64)])
      await systemClock.sleep(20)
    }
    await expect.poll(() => sessions.filter(({ kept }) => kept.isWhole)).toHaveLength(3)
    expect(keeping.use.diskBytes).toBeLessThanOrEqual(50_000)
  })

  it('never take more memory than there is for them, also where the disk stands still', async () => {
    const directory = join(await temporaryDirectory(), 'kept')
    const released = Promise.withResolvers<void>()
    const { keeping } = setUp({
      directory,
      async openFile(path) {
        await released.promise
        return open(path, 'wx+', 0o600)
      },
    })
    const sessions = Array.from({ length: 20 }, (_, number) => ({ number, kept: keeping.open(idOf(number)) }))
    for (let position = 0; position < 32; position++) {
      for (const { number, kept } of sessions) {
        kept.add(batch(idOf(number), position))
        expect(keeping.use.memoryBytes).toBeLessThanOrEqual(LIMITS.memoryBytes)
      }
    }
    const given = sessions.filter(({ kept }) => !kept.isWhole)
    expect(given.length).toBeGreaterThan(0)
    expect(given.length).toBeLessThan(sessions.length)
    released.resolve()
    for (const { kept } of sessions) kept.drop()
    await keeping.settled()
    expect(await readdir(directory)).toEqual([])
  })
})
