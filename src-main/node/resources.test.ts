import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import type { EngineClient } from '../engine/engine'
import type { TrafficFigures } from '../network/traffic'
import { type Resources, watchResources } from './resources'

const INTERVAL_MS = 5_000
const BUSY_MS = 400
/** Linux counts processor time for /proc in hundredths of a second. */
const TICK_MS = 10

function residentBytes(): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  return Number(kilobytes) * 1024
}

function processorMs(): number {
  // The program's name stands in brackets and may hold spaces; user and system time are the 12th and 13th after it.
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

/** Keeps one core busy. */
function burn(ms: number): void {
  const until = process.cpuUsage().user + ms * 1000
  while (process.cpuUsage().user < until) Math.sqrt(until)
}

function watch(
  engine: () => EngineClient | null = () => null,
  traffic: TrafficFigures = { receivedBytes: 0, sentBytes: 0 },
) {
  const clock = new FakeClock()
  const samples: Resources[] = []
  const sources = { engine, traffic: () => ({ ...traffic }), overCaps: () => [] }
  const stop = watchResources(clock, sources, (sample) => void samples.push(sample))
  return { clock, samples, stop }
}

describe('O-16: what this computer gives', () => {
  it.skipIf(process.platform !== 'linux')(
    'O-16: memory and processor time are within a tenth of what the system itself counts (looks into /proc)',
    async () => {
      // Looks of ours just within and just around the two samples: whatever else runs in this process lies between them.
      const around = processorMs()
      const { clock, samples, stop } = watch()
      await clock.advance(0)
      const within = processorMs()
      burn(BUSY_MS)
      const leastMs = processorMs() - within
      const resident = [residentBytes()]
      await clock.advance(INTERVAL_MS)
      resident.push(residentBytes())
      const mostMs = processorMs() - around
      const { hostResidentBytes, cpuCores } = samples.at(-1)!
      expect(hostResidentBytes! / Math.min(...resident)).toBeGreaterThan(0.9)
      expect(hostResidentBytes! / Math.max(...resident)).toBeLessThan(1.1)
      expect((cpuCores! * INTERVAL_MS) / leastMs).toBeGreaterThan(0.9)
      expect((cpuCores! * INTERVAL_MS) / mostMs).toBeLessThan(1.1)
      stop()
      await clock.advance(INTERVAL_MS)
      expect(samples).toHaveLength(2)
    },
  )

  it('O-16: the engine’s share is added, its memory stands for itself, and neither is made up when it is silent', async () => {
    const engine = { residentBytes: 42, cpuUserMs: 0, cpuSystemMs: 0, isSilent: false }
    const stats = async () => {
      if (engine.isSilent) throw new Error('silent')
      return engine
    }
    const { clock, samples, stop } = watch(() => ({ stats }) as unknown as EngineClient)
    await clock.advance(0)
    expect(samples[0]).toMatchObject({ engineResidentBytes: 42, cpuCores: null })
    engine.cpuUserMs = 9_000
    engine.cpuSystemMs = 1_000
    await clock.advance(INTERVAL_MS)
    // Two cores of the engine, and what this process used meanwhile, which the system may count in large steps.
    expect(samples[1]!.cpuCores).toBeGreaterThan(1.999)
    expect(samples[1]!.cpuCores).toBeLessThan(3)
    engine.isSilent = true
    await clock.advance(INTERVAL_MS)
    expect(samples[2]).toMatchObject({ engineResidentBytes: null, cpuCores: null })
    stop()
  })

  it('O-16: bytes over the network as totals and as a rate; graphics memory only where a card computes', async () => {
    const traffic = { receivedBytes: 1_000, sentBytes: 0 }
    const stats = async () => ({
      residentBytes: 1,
      cpuUserMs: 0,
      cpuSystemMs: 0,
      cards: { usedBytes: 5, totalBytes: 9 },
    })
    const { clock, samples, stop } = watch(() => ({ stats }) as unknown as EngineClient, traffic)
    await clock.advance(0)
    expect(samples[0]).toMatchObject({ network: { receivedBytes: 1_000, receivedPerS: null, sentPerS: null } })
    traffic.receivedBytes += 20_000
    traffic.sentBytes += 5_000
    await clock.advance(INTERVAL_MS)
    expect(samples[1]).toMatchObject({
      network: { receivedBytes: 21_000, sentBytes: 5_000, receivedPerS: 4_000, sentPerS: 1_000 },
      cards: { usedBytes: 5, totalBytes: 9 },
    })
    stop()
    const none = watch()
    await none.clock.advance(0)
    expect(none.samples[0]).not.toHaveProperty('cards')
    none.stop()
  })
})
