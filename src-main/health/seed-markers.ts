import type { Disposer } from '../../src-shared/clock'
import type { EventLog, LogEvent } from '../storage/event-log'

const SHORT_LENGTH = 8

/**
 * The lines of an event as the announcement document words them, so that who follows that document finds its
 * markers in our log. A line that claims success names who confirmed it. Ranges of keys stand in one line.
 */
export function seedMarkers({ code, fields }: Pick<LogEvent, 'code' | 'fields'>): string[] {
  const text = (name: string) => String(fields[name] ?? '')
  const short = (name: string) => `…${text(name).slice(-SHORT_LENGTH)}`
  switch (code) {
    case 'dht.bootstrap.done':
      return [
        `[CONNECTED] to ${text('network')} network via ${text('via')}`,
        `[DHT] Bootstrap complete! ${text('routingTable')} peers in routing table`,
      ]
    case 'announce.started':
      return [`[ANNOUNCE] Announcing node to DHT... (${text('form')} form, ${text('state')})`]
    case 'announce.done': {
      const keys = text('firstKey') === text('lastKey') ? text('firstKey') : `${text('firstKey')} … ${text('lastKey')}`
      const evidence = `(${text('form')} form, acks=${text('acks')} readback=peer ${short('readback')})`
      const provides = fields.form === 'kademlia' && fields.state !== 'offline'
      return [
        `[DHT] Announced module: ${keys} ${evidence}`,
        ...(provides ? [`[DHT] Now providing: ${keys} ${evidence}`] : []),
        `[DHT] Announced model metadata: ${text('modelKey')} ${evidence}`,
      ]
    }
    case 'node.visible':
      return [`[STATUS] Node is visible in the DHT, as peers ${listOf(fields.witnesses)} confirm`]
    case 'rpc.answered':
      return [`[RPC] Received request from ${text('peer')}`, '[RPC] Responding with server info']
    default:
      return []
  }
}

function listOf(value: unknown): string {
  return Array.isArray(value) ? value.map((one) => `…${String(one).slice(-SHORT_LENGTH)}`).join(' and ') : ''
}

/**
 * Writes the markers of each event into the log, right after it, among the details: they say again what the event
 * said, for those who follow that document.
 */
export function writeSeedMarkers(log: EventLog): Disposer {
  return log.subscribe((event) => {
    for (const line of seedMarkers(event)) log.write('debug', 'marker', line, { of: event.code })
  })
}

/**
 * What each event that reports a success must carry: who confirmed it. A success without both is the mistake that
 * the announcement document is about.
 */
export const SUCCESS_EVIDENCE: Readonly<Record<string, readonly string[]>> = {
  'dht.bootstrap.done': ['via', 'routingTable'],
  'announce.done': ['acks', 'readback'],
  'node.visible': ['witnesses'],
  'rpc.answered': ['peer', 'calls'],
}

/** Whether an event that reports a success says by whom; true for all others. */
export function hasEvidence({ code, fields }: Pick<LogEvent, 'code' | 'fields'>): boolean {
  const isThere = (value: unknown) =>
    Array.isArray(value) ? value.length > 0 : typeof value === 'number' ? value > 0 : Boolean(value)
  return (SUCCESS_EVIDENCE[code] ?? []).every((name) => isThere(fields[name]))
}
