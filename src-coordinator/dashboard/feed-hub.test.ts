import { describe, expect, it } from 'vitest'
import { empty, orchard, worker } from '../../e2e/support/dashboard-fixtures'
import { FEED_HEARTBEAT_MS, SnapshotSchema } from '../../src-dashboard/feed'
import { createSseParser } from '../../src-dashboard/sse-parser'
import { FakeClock } from '../../test/fake-clock'
import { createFeedHub, type FeedReader, type FeedView } from './feed-hub'
import type { FeedDocuments } from './feed-mask'

function setUp(first: (now: number) => FeedDocuments = orchard) {
  const clock = new FakeClock()
  let documents = first(clock.now())
  let reads = 0
  let isBroken = false
  const listeners = new Set<() => void>()
  const hub = createFeedHub({
    read: async () => {
      reads += 1
      if (isBroken) throw new Error('the database is away')
      return documents
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    clock,
    onError: (error) => {
      throw error
    },
  })
  const readerOf = (view: FeedView, lastEventId = '', address = '192.0.2.1') => {
    const parser = createSseParser()
    const events: { id: string; name: string; data: Record<string, unknown> }[] = []
    const state = { takes: true, hasEnded: false, chars: 0, isListening: false, onDrain: () => undefined as unknown }
    const reader: FeedReader = {
      view,
      address,
      lastEventId,
      write(text) {
        state.chars += text.length
        for (const event of parser.feed(text)) events.push({ ...event, data: JSON.parse(event.data) })
        return state.takes
      },
      onDrain(listener) {
        state.onDrain = listener
        state.isListening = true
        return () => {
          state.isListening = false
        }
      },
      end: () => {
        state.hasEnded = true
      },
    }
    return { reader, events, state }
  }
  const change = (next: (before: FeedDocuments) => FeedDocuments) => {
    documents = next(documents)
    for (const listener of listeners) listener()
  }
  const addWorker = (nickname: string) =>
    change((before) => ({ ...before, workers: [...before.workers, worker(clock.now(), { nickname })] }))
  const breakReads = (is: boolean) => {
    isBroken = is
  }
  return { clock, hub, readerOf, change, addWorker, breakReads, reads: () => reads }
}

describe('the feed of the dashboard', () => {
  it('C-43: begins with everything, then tells only what changed, at most twice a second', async () => {
    const { clock, hub, readerOf, addWorker, reads } = setUp()
    const { reader, events } = readerOf('host')
    await hub.add(reader)
    expect(events.map(({ name }) => name)).toEqual(['snapshot'])
    for (let index = 0; index < 20; index += 1) addWorker(`new-${index}`)
    await clock.advance(1_000)
    expect(events.map(({ name }) => name)).toEqual(['snapshot', 'change'])
    expect(events[1]?.data.workers).toHaveLength(20)
    expect(events[1]?.data).not.toHaveProperty('network')
    expect(reads()).toBe(2)
  })

  it('H-38: a reader without the token gets no whole id, in no event', async () => {
    const { clock, hub, readerOf, change } = setUp()
    const { reader, events } = readerOf('reader')
    await hub.add(reader)
    change((before) => ({
      ...before,
      workers: before.workers.map((row) => ({ ...row, tokens_served: row.tokens_served + 1 })),
      decisions: before.decisions.slice(1),
      usage: before.usage.slice(1),
    }))
    await clock.advance(1_000)
    expect(events).toHaveLength(2)
    for (const { worker_id } of orchard(clock.now()).workers) expect(worker_id.length).toBeGreaterThan(9)
    expect(JSON.stringify(events)).not.toContain('-51c2-')
    expect(JSON.stringify(events)).not.toContain('reading-group')
    // What a worker answered may name addresses.
    expect(JSON.stringify(orchard(clock.now()))).toContain('x_load')
    expect(JSON.stringify(events)).not.toContain('x_load')
    const { workers } = SnapshotSchema.parse(events[0]?.data)
    const keys = workers.map(({ key }) => key)
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('a page that comes back gets what it missed, or everything when that is forgotten', async () => {
    const { clock, hub, readerOf, addWorker } = setUp()
    const first = readerOf('host')
    const remove = await hub.add(first.reader)
    remove()
    const other = readerOf('host')
    await hub.add(other.reader)
    addWorker('missed')
    await clock.advance(1_000)

    const back = readerOf('host', first.events.at(-1)?.id)
    await hub.add(back.reader)
    expect(back.events.map(({ name }) => name)).toEqual(['change'])
    expect(back.events[0]?.data.workers).toMatchObject([{ nickname: 'missed' }])
    // Up to date: an empty change says so.
    const again = readerOf('host', back.events.at(-1)?.id)
    await hub.add(again.reader)
    expect(again.events).toMatchObject([{ name: 'change', data: { workers: [], gone: [] } }])

    // Of another run, also where the number is one of ours.
    for (const unknown of ['another-3', 'another-1', 'x', '', `${first.events[0]?.id}9`]) {
      const stranger = readerOf('host', unknown)
      await hub.add(stranger.reader)
      expect(stranger.events.map(({ name }) => name)).toEqual(['snapshot'])
    }
    for (let index = 0; index < 300; index += 1) {
      addWorker(`many-${index}`)
      await clock.advance(600)
    }
    const late = readerOf('host', first.events.at(-1)?.id)
    await hub.add(late.reader)
    expect(late.events.map(({ name }) => name)).toEqual(['snapshot'])
    // 256 events are kept: who has all but these gets them, who misses one more gets everything.
    const [run, sequence] = (late.events[0]?.id ?? '').split('-')
    for (const [missing, begins] of [
      [256, 'change'],
      [257, 'snapshot'],
    ] as const) {
      const page = readerOf('host', `${run}-${Number(sequence) - missing}`)
      await hub.add(page.reader)
      expect(page.events[0]?.name, `${missing}`).toBe(begins)
    }
  })

  it('long events are kept up to 4 Mi characters together, so that many of them fill no memory', async () => {
    const { clock, hub, readerOf, addWorker } = setUp(empty)
    const first = readerOf('host')
    await hub.add(first.reader)
    for (let index = 0; index < 4; index += 1) {
      addWorker('x'.repeat(700_000))
      await clock.advance(600)
    }
    const [{ id = '' } = {}, second] = first.events
    const from = async (lastEventId: string | undefined) => {
      const page = readerOf('host', lastEventId)
      await hub.add(page.reader)
      return page.events[0]?.name
    }
    // Each is kept twice, for the host and for readers: of four, two fit and a bit.
    expect(await from(id)).toBe('snapshot')
    expect(await from(second?.id)).toBe('snapshot')
    expect(await from(first.events[2]?.id)).toBe('change')
  })

  it('says which rows have gone', async () => {
    const { clock, hub, readerOf, change } = setUp()
    const { reader, events } = readerOf('reader')
    await hub.add(reader)
    const [leaving] = orchardKeys(events[0]?.data)
    change((before) => ({ ...before, workers: before.workers.slice(1) }))
    await clock.advance(1_000)
    expect(events[1]?.data).toMatchObject({ workers: [], gone: [leaving] })
  })

  it('nothing piles up for a slow reader: it misses events, then gets everything; one that is stuck is ended', async () => {
    const { clock, hub, readerOf, addWorker } = setUp(empty)
    const slow = readerOf('host')
    slow.state.takes = false
    await hub.add(slow.reader)
    const { chars } = slow.state
    for (let index = 0; index < 10; index += 1) {
      addWorker(`w-${index}`)
      await clock.advance(1_000)
    }
    expect(slow.state.chars).toBe(chars)
    slow.state.takes = true
    slow.state.onDrain()
    expect(slow.events.at(-1)).toMatchObject({ name: 'snapshot' })
    expect(slow.events.at(-1)?.data.workers).toHaveLength(10)

    // It takes again, so it stays.
    await clock.advance(40_000)
    expect(slow.state.hasEnded).toBe(false)

    slow.state.takes = false
    addWorker('one more')
    await clock.advance(40_000)
    expect(slow.state.hasEnded).toBe(true)
  })

  it('who has left is neither ended later nor listened to', async () => {
    const { clock, hub, readerOf } = setUp(empty)
    const { reader, state } = readerOf('host')
    state.takes = false
    const remove = await hub.add(reader)
    expect(state.isListening).toBe(true)
    remove()
    expect(state.isListening).toBe(false)
    await clock.advance(40_000)
    expect(state.hasEnded).toBe(false)
  })

  it('pages that came while nothing could be read take no place', async () => {
    const { hub, readerOf, breakReads } = setUp()
    breakReads(true)
    for (let index = 0; index < 60; index += 1)
      await expect(hub.add(readerOf('reader').reader)).rejects.toThrow('the database is away')
    breakReads(false)
    const { reader, events } = readerOf('reader')
    await hub.add(reader)
    expect(events).toMatchObject([{ name: 'snapshot' }])
  })

  it('H-38: strangers keep neither the host out nor, from one address, each other', async () => {
    const { hub, readerOf } = setUp()
    const full = { code: 'COORDINATOR_BUSY' }
    const crowd = async (count: number, address: (index: number) => string) => {
      const tries = Array.from({ length: count }, (_, index) => hub.add(readerOf('reader', '', address(index)).reader))
      const settled = await Promise.allSettled(tries)
      return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    }
    expect(await crowd(200, () => '192.0.2.1')).toHaveLength(50)
    // A household has more than one address of the second kind.
    expect(await crowd(200, (index) => `2001:db8:0:7::${index.toString(16)}`)).toHaveLength(50)
    // The next household has its own.
    const neighbour = await hub.add(readerOf('reader', '', '2001:db8:0:8::1').reader)
    neighbour()
    await hub.add(readerOf('reader', '', '192.0.2.2').reader)
    const places = await crowd(400, (index) => `198.51.100.${index % 200}`)
    expect(hub.readers).toBe(200)
    await expect(hub.add(readerOf('reader', '', '203.0.113.5').reader)).rejects.toMatchObject(full)
    // The host has places of its own.
    const host = readerOf('host', '', '192.0.2.1')
    await hub.add(host.reader)
    expect(host.events).toMatchObject([{ name: 'snapshot' }])
    for (let index = 1; index < 50; index += 1) await hub.add(readerOf('host').reader)
    await expect(hub.add(readerOf('host').reader)).rejects.toMatchObject(full)
    places[0]?.()
    places[0]?.()
    await hub.add(readerOf('reader', '', '203.0.113.5').reader)
    await expect(hub.add(readerOf('reader', '', '203.0.113.6').reader)).rejects.toMatchObject(full)
  })

  it('says that it is there, reads nothing while nobody looks, and leaves no timer', async () => {
    const { clock, hub, readerOf, reads } = setUp()
    const { reader, state } = readerOf('reader')
    const remove = await hub.add(reader)
    const { chars } = state
    await clock.advance(FEED_HEARTBEAT_MS)
    expect(state.chars).toBe(chars + ': here\n\n'.length)
    remove()
    const before = reads()
    await clock.advance(60_000)
    expect(reads()).toBe(before)
    hub.close()
    expect(clock.pending).toBe(0)
  })
})

function orchardKeys(data: unknown): string[] {
  return SnapshotSchema.parse(data).workers.map(({ key }) => key)
}
