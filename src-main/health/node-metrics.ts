import { Counter, Gauge, Registry } from 'prom-client'
import { LOAD_LEVELS, type NodeStatus, STEP_STATES } from '../../src-shared/status'
import { VERSION } from '../../src-shared/version'
import type { EventLog } from '../storage/event-log'
import { healthOf } from './health-of'

export interface NodeMetrics {
  /** Prometheus' text format. */
  readonly contentType: string
  text(): Promise<string>
  dispose(): void
}

const REFUSALS: ReadonlySet<string> = new Set([
  'pipeline.session.refused',
  'pipeline.session.failed',
  'kwaai.inference.failed',
])

/** Counts what the log tells, and shows what the status says when it is asked. Nothing in it names a person. */
export function createNodeMetrics(options: { log: EventLog; status: () => NodeStatus }): NodeMetrics {
  const registry = new Registry()
  const registers = [registry]
  const rounds = new Counter({
    name: 'espalier_announce_rounds_total',
    help: 'Rounds of announcing, by form of the records and by whether other peers kept and gave back all of them.',
    labelNames: ['form', 'outcome'],
    registers,
  })
  const records = new Counter({
    name: 'espalier_announced_records_total',
    help: 'Records that other peers acknowledged, by form.',
    labelNames: ['form'],
    registers,
  })
  const calls = new Counter({
    name: 'espalier_rpc_requests_total',
    help: 'Calls about this server that were answered, by protocol.',
    labelNames: ['protocol'],
    registers,
  })
  const dropped = new Counter({
    name: 'espalier_pipeline_dropped_total',
    help: 'Sessions of other peers that had no room: refused at their opening, evicted while they rested, or overflowing.',
    labelNames: ['reason'],
    registers,
  })
  const refusals = new Counter({
    name: 'espalier_refusals_total',
    help: 'Sessions and calls of others that were turned away or ended, by code: a bound was reached, or a rule broken.',
    labelNames: ['code'],
    registers,
  })
  const events = new Counter({
    name: 'espalier_events_total',
    help: 'Events of the log, by level.',
    labelNames: ['level'],
    registers,
  })
  const gauge = (name: string, help: string, read: (status: NodeStatus) => number | null) =>
    new Gauge({
      name: `espalier_${name}`,
      help,
      registers,
      collect() {
        const value = read(options.status())
        if (value === null) this.reset()
        else this.set(value)
      },
    })
  gauge('visible', '1 while other peers see this node and reach its blocks.', (status) =>
    healthOf(status).status === 200 ? 1 : 0,
  )
  gauge('load_level', 'Load level of the blocks, 0 to 7.', ({ loadLevel }) => LOAD_LEVELS.indexOf(loadLevel))
  gauge('blocks', 'Blocks that are assigned here.', ({ blocks }) => (blocks ? blocks.end - blocks.start : 0))
  gauge('routing_table_peers', 'Peers in the routing table of the DHT.', (status) => status.routingTable?.peers ?? 0)
  gauge(
    'requests',
    'Conversations of other peers, over all runs of this node.',
    ({ contribution }) => contribution.requests,
  )
  gauge('tokens', 'Tokens computed, over all runs of this node.', ({ contribution }) => contribution.tokens)
  gauge('host_resident_bytes', 'Memory of this process.', ({ resources }) => resources.hostResidentBytes)
  gauge('engine_resident_bytes', 'Memory of the engine.', ({ resources }) => resources.engineResidentBytes)
  gauge(
    'peer_received_bytes',
    'Bytes received over connections to peers.',
    ({ resources }) => resources.network?.receivedBytes ?? null,
  )
  gauge(
    'peer_sent_bytes',
    'Bytes sent over connections to peers.',
    ({ resources }) => resources.network?.sentBytes ?? null,
  )
  gauge(
    'card_used_bytes',
    'Memory in use of the graphics cards that compute here.',
    ({ resources }) => resources.cards?.usedBytes ?? null,
  )
  gauge('peers_cut', 'Times that a peer was cut off for asking without end.', ({ calls }) => calls?.peersCut ?? null)
  new Gauge({
    name: 'espalier_peer_calls',
    help: 'Calls of peers since the node started, by protocol and by whether they were admitted; `any`: refused before their protocol was known.',
    labelNames: ['protocol', 'outcome'],
    registers,
    collect() {
      this.reset()
      const { calls } = options.status()
      if (!calls) return
      for (const { protocol, admitted, refused } of calls.protocols) {
        this.set({ protocol, outcome: 'admitted' }, admitted)
        this.set({ protocol, outcome: 'refused' }, refused)
      }
      this.set({ protocol: 'any', outcome: 'refused' }, calls.refusedEarly)
    },
  })
  new Gauge({
    name: 'espalier_step_state',
    help: '1 for the state in which a step is.',
    labelNames: ['step', 'state'],
    registers,
    collect() {
      for (const step of options.status().steps) {
        for (const state of STEP_STATES) this.set({ step: step.name, state }, step.state === state ? 1 : 0)
      }
    },
  })
  new Gauge({
    name: 'espalier_build_info',
    help: 'Always 1; the label is the version.',
    labelNames: ['version'],
    registers,
  }).set({ version: VERSION }, 1)

  const unsubscribe = options.log.subscribe(({ level, code, fields }) => {
    events.inc({ level })
    const form = String(fields.form ?? '')
    if (code === 'announce.done' || code === 'announce.failed') {
      rounds.inc({ form, outcome: code === 'announce.done' ? 'confirmed' : 'failed' })
      records.inc({ form }, countOf(fields.acknowledged))
    } else if (code === 'pipeline.dropped') dropped.inc({ reason: String(fields.reason) })
    else if (REFUSALS.has(code)) refusals.inc({ code: String(fields.code) })
    else if (code === 'rpc.answered') calls.inc({ protocol: String(fields.protocol) }, countOf(fields.calls))
  })
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    dispose() {
      unsubscribe()
      registry.clear()
    },
  }
}

function countOf(value: unknown): number {
  return typeof value === 'number' && value > 0 ? value : 0
}
