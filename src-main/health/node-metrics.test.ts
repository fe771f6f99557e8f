import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect, it } from 'vitest'
import { emptySteps, type NodeStatus } from '../../src-shared/status'
import { FakeClock } from '../../test/fake-clock'
import { watchRoutingTable } from '../observe/routing-watch'
import { createEventLog, type LogEvent } from '../storage/event-log'
import { createCallJournal } from './call-journal'
import { createNodeMetrics } from './node-metrics'

const somebody = async () => peerIdFromPrivateKey(await generateKeyPair('Ed25519'))

function statusWith(change: Partial<NodeStatus>): NodeStatus {
  return {
    phase: 'running',
    shape: 'visible',
    headline: '',
    steps: emptySteps(),
    loadLevel: 'L6',
    blocks: { start: 2, end: 6 },
    contribution: { requests: 3, tokens: 99, upSince: null },
    resources: { hostResidentBytes: 1024, engineResidentBytes: null, cpuCores: null },
    ...change,
  } as NodeStatus
}

it('M-28: counters grow with what happens, gauges follow the status', async () => {
  const log = createEventLog(new FakeClock(), null)
  let status = statusWith({ routingTable: { peers: 7, changedAt: 0 } })
  const metrics = createNodeMetrics({ log, status: () => status })
  const line = async (start: string) => (await metrics.text()).split('\n').find((one) => one.startsWith(start)) ?? ''
  log.write('info', 'announce.done', '', { form: 'hivemind', acknowledged: 9 })
  log.write('warn', 'announce.failed', '', { form: 'hivemind', acknowledged: 4 })
  log.write('info', 'rpc.answered', '', { protocol: 'x', calls: 3 })
  expect(await line('espalier_announce_rounds_total{form="hivemind",outcome="confirmed"}')).toMatch(/ 1$/)
  expect(await line('espalier_announce_rounds_total{form="hivemind",outcome="failed"}')).toMatch(/ 1$/)
  expect(await line('espalier_announced_records_total{form="hivemind"}')).toMatch(/ 13$/)
  expect(await line('espalier_rpc_requests_total{protocol="x"}')).toMatch(/ 3$/)
  expect(await line('espalier_routing_table_peers')).toMatch(/ 7$/)
  expect(await line('espalier_visible')).toMatch(/ 0$/)
  expect(await line('espalier_load_level')).toMatch(/ 6$/)
  log.write('info', 'rpc.answered', '', { protocol: 'x', calls: 2 })
  status = statusWith({ steps: emptySteps().map((step) => ({ ...step, state: 'done' })) })
  expect(await line('espalier_rpc_requests_total{protocol="x"}')).toMatch(/ 5$/)
  expect(await line('espalier_visible')).toMatch(/ 1$/)
  expect(await line('espalier_step_state{step="serve",state="done"}')).toMatch(/ 1$/)
  metrics.dispose()
})

it('H-52: sessions for which there was no room are counted by reason', async () => {
  const log = createEventLog(new FakeClock(), null)
  const metrics = createNodeMetrics({ log, status: () => statusWith({}) })
  for (const reason of ['refused', 'evicted', 'refused']) log.write('debug', 'pipeline.dropped', reason, { reason })
  const text = await metrics.text()
  expect(text).toContain('espalier_pipeline_dropped_total{reason="refused"} 2')
  expect(text).toContain('espalier_pipeline_dropped_total{reason="evicted"} 1')
  metrics.dispose()
})

it('M-23: a flood of calls becomes few events, and none is lost from the count', async () => {
  const clock = new FakeClock()
  const log = createEventLog(clock, null)
  const events: LogEvent[] = []
  log.subscribe((event) => void events.push(event))
  const journal = createCallJournal(clock, log)
  const [first, last] = [await somebody(), await somebody()]
  for (let i = 0; i < 999; i++) journal.note('rpc_info', first)
  journal.note('rpc_info', last)
  await clock.advance(20_000)
  expect(events.map(({ fields }) => fields.calls)).toEqual([1, 999])
  expect(events.at(-1)?.fields.peer).toBe(last.toString())
  expect(clock.pending).toBe(0)
  journal.note('rpc_info', first)
  expect(events).toHaveLength(3)
  journal.dispose()
  expect(clock.pending).toBe(0)
})

it('M-22: the size of the routing table is in the status within 5 s, with when it last changed', async () => {
  const clock = new FakeClock()
  const peers = [await somebody()]
  const seen: { peers: number; changedAt: number }[] = []
  const stop = watchRoutingTable({ knownPeers: () => peers }, clock, (table) => void seen.push(table))
  await clock.advance(60_000)
  peers.push(await somebody())
  const changedAt = clock.now()
  await clock.advance(5_000)
  expect(seen.map(({ peers: count }) => count)).toEqual([1, 2])
  expect((seen[1]?.changedAt ?? 0) - changedAt).toBeLessThanOrEqual(5_000)
  stop()
  expect(clock.pending).toBe(0)
})
