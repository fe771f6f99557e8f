import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { loopbackHost } from '../../test/loopback-host'
import type { Host } from '../network/host'
import { createEventLog } from '../storage/event-log'
import { OWN_LOG_PROTOCOL, startLogSync } from './log-sync'
import { type OwnLog, openOwnLog, readOwnEvents } from './own-log'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

interface Node {
  host: Host
  path: string
  ownLog: OwnLog
  /** Meets these from now on. */
  follow(nodes: readonly Node[]): Promise<{ syncNow(): Promise<void>; stop(): Promise<void> }>
}

const clock = new FakeClock()
const happened = (message: string) => ({ level: 'warn' as const, code: 'test', message })
const told = ({ ownLog }: Node) => ownLog.list().map(({ message }) => message)

async function startNode(name: string): Promise<Node> {
  const host = await loopbackHost()
  cleanups.push(async () => host.stop())
  const directory = await mkdtemp(join(tmpdir(), 'espalier-own-log-'))
  cleanups.push(() => rm(directory, { recursive: true, force: true }))
  const path = join(directory, 'own-log.jsonl')
  const ownLog = await openOwnLog({ path, clock, peerId: host.peerId.toString(), name })
  cleanups.push(() => ownLog.close().catch(() => undefined))
  return {
    host,
    path,
    ownLog,
    async follow(nodes) {
      const addresses = nodes.flatMap((node) => node.host.getMultiaddrs().map(String))
      const sync = await startLogSync({ host, ownLog, nodes: addresses, clock, log: createEventLog(clock, null) })
      cleanups.push(() => sync.stop())
      return sync
    },
  }
}

describe('H-16: what happened on the nodes of one person', () => {
  it('H-16: two that were parted and both wrote have the same events in the same order once they meet', async () => {
    const [a, b] = [await startNode('attic'), await startNode('barn')]
    await a.ownLog.add(happened('together'))
    await (await a.follow([b])).stop()
    const before = await b.follow([a])
    const meet = await a.follow([b])
    await meet.syncNow()
    expect(told(b)).toEqual(['together'])
    await Promise.all([meet.stop(), before.stop()])

    // Parted: both count on from the same event, so that each Lamport time comes twice.
    for (const index of [1, 2, 3]) {
      await a.ownLog.add(happened(`a${index}`))
      await b.ownLog.add(happened(`b${index}`))
    }
    const times = [...a.ownLog.list(), ...b.ownLog.list()].map(({ lamport }) => lamport)
    expect(times.toSorted()).toEqual([1, 1, 2, 2, 3, 3, 4, 4])

    await b.follow([a])
    await (await a.follow([b])).syncNow()
    expect(a.ownLog.list()).toHaveLength(7)
    expect(a.ownLog.list()).toEqual(b.ownLog.list())
    expect(told(a)[0]).toBe('together')
    for (const name of ['a', 'b'])
      expect(told(a).filter((message) => message.startsWith(name))).toEqual([`${name}1`, `${name}2`, `${name}3`])
    // What is written after the meeting stands behind everything that was known then.
    await b.ownLog.add(happened('after'))
    expect(told(b).at(-1)).toBe('after')
  })

  it('H-16: a third hears of both from one of them, thousands at a time', async () => {
    const [a, b, c] = [await startNode('attic'), await startNode('barn'), await startNode('cellar')]
    await Promise.all(Array.from({ length: 1_200 }, (_, index) => a.ownLog.add(happened(`a${index}`))))
    await c.ownLog.add(happened('c'))
    await b.follow([a, c])
    const first = await a.follow([b])
    await first.syncNow()
    await (await c.follow([b])).syncNow()
    await first.syncNow()
    expect(c.ownLog.list()).toHaveLength(1_201)
    expect(c.ownLog.list()).toEqual(b.ownLog.list())
    expect(a.ownLog.list()).toEqual(b.ownLog.list())
  })

  it('H-16: a stranger is told nothing and believed nothing', async () => {
    const [a, stranger] = [await startNode('attic'), await startNode('stranger')]
    await a.ownLog.add(happened('private'))
    await stranger.ownLog.add(happened('forged'))
    await a.follow([])
    await (await stranger.follow([a])).syncNow()
    expect(told(stranger)).toEqual(['forged'])
    expect(told(a)).toEqual(['private'])
  })

  it('H-16, D-T01: nonsense from one of our own ends the talk and changes nothing', async () => {
    const [a, b] = [await startNode('attic'), await startNode('barn')]
    await a.ownLog.add(happened('kept'))
    await a.follow([b])
    for (const bytes of ['\u0000', 'null', '{"known":{},"events":[{"seq":-1}]}', '{"known":[],"events":[]}']) {
      const stream = await b.host.dialProtocol(a.host.getMultiaddrs(), OWN_LOG_PROTOCOL)
      const text = new TextEncoder().encode(bytes)
      const ended = new Promise((resolve) => stream.addEventListener('close', resolve))
      stream.send(Uint8Array.of(text.length, ...text))
      await ended
    }
    expect(told(a)).toEqual(['kept'])
  })

  it('H-18: events are there after a restart, the last line may be torn, and numbers go on', async () => {
    const a = await startNode('attic')
    await a.ownLog.add(happened('one'))
    await a.ownLog.add(happened('two'))
    await a.ownLog.close()
    await appendFile(a.path, '{"author":"torn')
    const peerId = a.host.peerId.toString()
    const again = await openOwnLog({ path: a.path, clock, peerId, name: 'attic' })
    await again.add(happened('three'))
    expect(again.list().map(({ message, seq }) => [message, seq])).toEqual([
      ['one', 1],
      ['two', 2],
      ['three', 3],
    ])
    expect(Object.keys(again.knownUpTo())).toHaveLength(1)
    await again.close()
    // A damaged line is a gap: what comes after it is not ours to number again.
    const text = await readFile(a.path, 'utf8')
    await writeFile(a.path, text.replace('"two"', '"tw'))
    const mended = await openOwnLog({ path: a.path, clock, peerId, name: 'attic' })
    await mended.add(happened('four'))
    expect(mended.list().map(({ message, seq }) => [message, seq])).toEqual([
      ['one', 1],
      ['four', 1],
    ])
    expect(await mended.merge(again.list())).toBe(2)
    await mended.close()
    const messages = (await readOwnEvents(a.path)).map(({ message }) => message)
    // Whoever wrote “four” knew of “one” alone: beside “two” the name of its series decides, which is drawn by lot.
    expect([messages[0], messages.slice(1, 3).sort(), ...messages.slice(3)]).toEqual(['one', ['four', 'two'], 'three'])
    // A lost file begins a new series, so that no number ever means two events.
    await rm(a.path)
    const fresh = await openOwnLog({ path: a.path, clock, peerId, name: 'attic' })
    await fresh.add(happened('anew'))
    expect(Object.keys(fresh.knownUpTo())).not.toEqual(Object.keys(again.knownUpTo()))
    await fresh.close()
  })
})
