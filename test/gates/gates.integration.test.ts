import { readFileSync } from 'node:fs'
import { peerIdFromString } from '@libp2p/peer-id'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type NetworkClient, openNetworkClient } from '../../src-main/node/network-client'
import { type NodeRooms, REAL_ROOMS } from '../../src-main/node/rooms'
import { createEventLog } from '../../src-main/storage/event-log'
import { systemClock } from '../../src-shared/clock'
import { type LiveNetwork, type LiveNode, QUICK, startLiveNetwork } from '../live-network'
import { GATES, type Gate, lookThrough } from './gates'

// One gate a job: `npm run gate:announce-only`, `gate:kad-read-back`, `gate:full-map-query`.

/** On a busy machine two rounds in the Kademlia form may take six seconds, and a record must outlive them. */
const RHYTHM = { announceIntervalMs: 2_000, recordLifetimeMs: 10_000 }
const TIMINGS = { ...QUICK, ...RHYTHM, kademlia: RHYTHM }
/** Until the last true records have expired, and a busy machine has noticed. */
const WITHIN_MS = 3 * RHYTHM.recordLifetimeMs + 45_000

let network: LiveNetwork
let node: LiveNode
let client: NetworkClient
/** The part that does nothing and claims success. */
let stubbed: Gate | null = null
/** Handlers that can be taken away and put back. */
const handlers: { stop(): Promise<void>; serve(): Promise<() => Promise<void>> }[] = []

async function removable(serve: () => Promise<() => Promise<void>>): Promise<() => Promise<void>> {
  const handler = { stop: await serve(), serve }
  handlers.push(handler)
  return () => handler.stop()
}

const FAULTS: Partial<NodeRooms> = {
  announcerDht: (dht) => ({
    ...dht,
    store: async (records, options) =>
      stubbed === 'announce-only'
        ? records.map((record) => ({ record, ackedBy: [...(options?.alsoTo ?? [])], refusedBy: [], failed: [] }))
        : dht.store(records, options),
  }),
  announcerRecords: (records) => ({
    ...records,
    put: async (key, record, signal) =>
      stubbed === 'kad-read-back'
        ? { ackedBy: [peerIdFromString(network.bootstrap.peerId)], failures: [] }
        : records.put(key, record, signal),
  }),
  serveRpcInfo: (...call) => removable(() => REAL_ROOMS.serveRpcInfo(...call)),
  serveExpertInfo: (...call) => removable(() => REAL_ROOMS.serveExpertInfo(...call)),
}

beforeAll(async () => {
  network = await startLiveNetwork({ timings: TIMINGS, recordForms: ['hivemind', 'kademlia'], targetWorkers: 1 })
  node = await network.join({ rooms: FAULTS })
  client = await openNetworkClient({
    profile: network.profile,
    bootstraps: network.bootstrap.addresses(),
    clock: systemClock,
    log: createEventLog(systemClock, null),
  })
})
afterAll(async () => {
  await client?.close()
  await network?.close()
})

/** Looks until the gate passes, or until it does not; the last look is the answer. */
async function look(gate: Gate, wanted: 'passes' | 'fails'): Promise<string | null> {
  const endsAt = performance.now() + WITHIN_MS
  for (;;) {
    const reason = await lookThrough(gate, node.node.status(), client)
    if ((reason === null) === (wanted === 'passes') || performance.now() > endsAt) return reason
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

async function stub(gate: Gate): Promise<void> {
  stubbed = gate
  if (gate === 'full-map-query') for (const handler of handlers) await handler.stop()
}

async function restore(): Promise<void> {
  if (stubbed === 'full-map-query') for (const handler of handlers) handler.stop = await handler.serve()
  stubbed = null
}

const REASONS: Record<Gate, RegExp> = {
  'announce-only': /announce is (degraded|failed)/,
  'kad-read-back': /nobody else has a Kademlia record/,
  'full-map-query': /the map says (?!online)/,
}

describe.each(GATES)('gate %s', (gate) => {
  it(`M-44: ${gate}: a node that runs passes`, async () => {
    expect(await look(gate, 'passes')).toBeNull()
  })

  it(`M-44, D-T41: ${gate}: does not pass while its part does nothing, and passes again`, async () => {
    await stub(gate)
    try {
      expect(await look(gate, 'fails')).toMatch(REASONS[gate])
    } finally {
      await restore()
    }
    expect(await look(gate, 'passes')).toBeNull()
  })
})

it('M-44: each gate is a script, and a job of its own in the workflow', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
  const workflow = readFileSync('.github/workflows/build.yml', 'utf8')
  // The pattern must find the tests: a run that selects none succeeds.
  for (const gate of GATES) {
    expect(scripts[`gate:${gate}`]).toBe(`vitest run --project integration test/gates -t "^gate ${gate} "`)
    expect(workflow).toMatch(new RegExp(`gate: \\[.*\\b${gate}\\b.*\\]`))
  }
  expect(workflow).toMatch(/run: npm run gate:\$\{\{ matrix\.gate \}\}/)
})
