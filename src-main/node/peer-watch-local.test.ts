import { peerIdFromString } from '@libp2p/peer-id'
import { expect, it } from 'vitest'
import { PEERS } from '../../e2e/support/status-fixtures'
import { FakeClock } from '../../test/fake-clock'
import type { ServerSpan } from '../hivemind/compute-spans'
import type { ServerState } from '../hivemind/server-info'
import { type PeerView, watchPeers } from './peer-watch'

/** After looks at 0, 4, 12, 28 and 58 s the next one is 30 s away. */
const BACKED_OFF_MS = 62_000

const spanOf = (peerId: string, state: ServerState): ServerSpan =>
  ({
    peer: peerIdFromString(peerId),
    start: 0,
    end: 4,
    info: { state, publicName: 'pear', quantType: null, inferenceRps: null, cacheTokensLeft: null, usingRelay: null },
  }) as unknown as ServerSpan

/** A complete network, which is read every half minute, and the records that others write to this node. */
function watch(isSlow = false) {
  const clock = new FakeClock()
  const network = { spans: [spanOf(PEERS.walnut, 'online')], reads: 0 }
  const gate = Promise.withResolvers<void>()
  if (!isSlow) gate.resolve()
  const views: { atMs: number; view: PeerView }[] = []
  const host = { peerId: peerIdFromString(PEERS.self), getConnections: () => [] }
  const { stop, refresh } = watchPeers({
    host: host as never,
    records: {
      form: 'hivemind',
      readModels: async () => [],
      async readServers() {
        network.reads += 1
        await gate.promise
        return { spans: [...network.spans], recordCount: 0, found: new Map() }
      },
    },
    model: { dhtPrefix: 'm', blockCount: 4 },
    local: () => network.spans,
    isComplete: () => true,
    countryOf: async (peer) => (peer.toString() === PEERS.walnut ? 'NL' : null),
    clock,
    log: { write: () => undefined } as never,
    onView: (view) => views.push({ atMs: clock.monotonicMs(), view }),
  })
  /** How long after now somebody was shown in that state. */
  async function shownAfterMs(peerId: string, state: string): Promise<number> {
    const startMs = clock.monotonicMs()
    await clock.advance(10_000)
    const found = views.find(
      ({ atMs, view }) => atMs >= startMs && view.peers.some((peer) => peer.peerId === peerId && peer.state === state),
    )
    return (found?.atMs ?? Number.POSITIVE_INFINITY) - startMs
  }
  return { clock, network, stop, refresh, gate, shownAfterMs, views }
}

it('H-21: a peer that joins is shown within a second of its record, one that leaves is grey within five', async () => {
  const { clock, network, stop, shownAfterMs } = watch()
  await clock.advance(BACKED_OFF_MS)
  network.spans = [...network.spans, spanOf(PEERS.pear, 'joining')]
  expect(await shownAfterMs(PEERS.pear, 'joining')).toBeLessThanOrEqual(1_000)
  network.spans = [spanOf(PEERS.walnut, 'offline'), spanOf(PEERS.pear, 'online')]
  expect(await shownAfterMs(PEERS.walnut, 'offline')).toBeLessThanOrEqual(5_000)
  stop()
  expect(clock.pending).toBe(0)
})

it('H-21: what others write to this node is shown, and nobody is asked', async () => {
  const { clock, network, stop, views } = watch()
  await clock.advance(BACKED_OFF_MS)
  const before = network.reads
  for (let change = 0; change < 8; change += 1) {
    const state = change % 2 === 0 ? 'joining' : 'online'
    network.spans = [spanOf(PEERS.walnut, state)]
    await clock.advance(1_000)
    expect(views.at(-1)?.view.peers).toMatchObject([{ peerId: PEERS.walnut, state }])
  }
  expect(network.reads).toBe(before)
  stop()
})

it('nothing is shown before the first look: a few records would be taken for all that there are', async () => {
  const { clock, network, stop, views, gate } = watch(true)
  await clock.advance(1_000)
  network.spans = [spanOf(PEERS.walnut, 'joining')]
  await clock.advance(2_000)
  expect(views).toHaveLength(0)
  gate.resolve()
  await clock.advance(1)
  expect(views).toHaveLength(1)
  stop()
})

it('looks that are asked for at once are one at a time, and the next regular one waits for its turn', async () => {
  const { clock, network, stop, refresh } = watch()
  await clock.advance(BACKED_OFF_MS)
  const before = network.reads
  await Promise.all([refresh(), refresh(), refresh(), refresh()])
  expect(network.reads - before).toBe(2)
  stop()
})

it('H-21: records that are written again and say the same ask nobody anything', async () => {
  const { clock, network, stop } = watch()
  await clock.advance(BACKED_OFF_MS)
  const before = network.reads
  for (let second = 0; second < 20; second += 1) {
    network.spans = [spanOf(PEERS.walnut, 'online')]
    await clock.advance(1_000)
  }
  expect(network.reads).toBe(before)
  stop()
})

it('a peer has the country of its address, and none where nobody can say', async () => {
  const { clock, network, stop, views } = watch()
  await clock.advance(BACKED_OFF_MS)
  network.spans = [...network.spans, spanOf(PEERS.pear, 'online')]
  await clock.advance(2_000)
  const [walnut, pear] = views.at(-1)?.view.peers ?? []
  expect(walnut).toMatchObject({ peerId: PEERS.walnut, country: 'NL' })
  expect(pear).toMatchObject({ peerId: PEERS.pear })
  expect(pear).not.toHaveProperty('country')
  stop()
})
