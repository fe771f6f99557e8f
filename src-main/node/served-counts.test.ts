import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { openServedCounts, readServedCounts, type ServedBook, type ServedStore } from './served-counts'

function disk(): ServedStore & { book: ServedBook | null; saves: number } {
  return {
    book: null,
    saves: 0,
    async load() {
      return this.book
    },
    async save(book) {
      this.saves++
      this.book = book
    },
  }
}

const open = (store: ServedStore, clock = new FakeClock(), isDemo = false, onChange = () => undefined) =>
  openServedCounts({
    ...{ store, isDemo, clock, onChange },
    onTrouble(error) {
      throw error
    },
  })

describe('what a node has given', () => {
  it('X-13: survives a restart, and a kill costs at most the last two seconds', async () => {
    const store = disk()
    const clock = new FakeClock()
    const first = await open(store, clock)
    first.add('tokens', 12)
    first.add('requests', 1)
    await clock.advance(2_000)
    // Killed here: nobody stops it.
    first.add('tokens', 5)
    const second = await open(store, clock)
    expect(second.now()).toEqual({ tokens: 12, requests: 1 })
    second.add('tokens', 3)
    await second.stop()
    expect((await open(store)).now()).toEqual({ tokens: 15, requests: 1 })
  })

  it('writes once for many tokens, and not at all for none', async () => {
    const store = disk()
    const clock = new FakeClock()
    const counts = await open(store, clock)
    await clock.advance(10_000)
    expect(store.saves).toBe(0)
    for (let token = 0; token < 500; token++) counts.add('tokens', 1)
    await clock.advance(10_000)
    await counts.stop()
    expect(store.saves).toBe(1)
  })

  it('tells at most ten times a second, however many tokens come, and the last of them', async () => {
    const clock = new FakeClock()
    const told: number[] = []
    const counts = await open(disk(), clock, false, () => void told.push(counts.now().tokens))
    for (let ms = 0; ms < 1_000; ms += 5) {
      counts.add('tokens', 1)
      await clock.advance(5)
    }
    await clock.advance(200)
    expect(told.length).toBeGreaterThan(5)
    expect(told.length).toBeLessThanOrEqual(11)
    expect(told.at(-1)).toBe(200)
    await counts.stop()
    expect(clock.pending).toBe(0)
  })

  it('keeps demonstrations apart', async () => {
    const store = disk()
    const demo = await open(store, new FakeClock(), true)
    demo.add('tokens', 7)
    await demo.stop()
    expect((await open(store)).now()).toEqual({ tokens: 0, requests: 0 })
    expect(await readServedCounts(store, true)).toEqual({ tokens: 7, requests: 0 })
    expect(await readServedCounts(store, false)).toEqual({ tokens: 0, requests: 0 })
  })

  it('serves on where its book can be neither read nor written', async () => {
    const troubles: string[] = []
    const fail = async (): Promise<never> => {
      throw new Error('no disk')
    }
    const counts = await openServedCounts({
      store: { load: fail, save: fail },
      isDemo: false,
      clock: new FakeClock(),
      onChange: () => undefined,
      onTrouble: (error) => void troubles.push(String(error)),
    })
    counts.add('requests', 1)
    await counts.stop()
    expect(counts.now()).toEqual({ tokens: 0, requests: 1 })
    expect(troubles).toHaveLength(2)
  })
})
