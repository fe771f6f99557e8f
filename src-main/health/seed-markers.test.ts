import { expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { createEventLog } from '../storage/event-log'
import { hasEvidence, SUCCESS_EVIDENCE, seedMarkers, writeSeedMarkers } from './seed-markers'

const PEER = '12D3KooWabcdefgh'
const done = {
  form: 'kademlia',
  state: 'online',
  acks: 2,
  readback: PEER,
  firstKey: 'Tiny-Jargon-8.0',
  lastKey: 'Tiny-Jargon-8.3',
  modelKey: '_petals.models.Tiny-Jargon-8',
}

it('M-23, O-12: the events of a node come out with the markers of the announcement document, in its order', () => {
  const log = createEventLog(new FakeClock(), null)
  const lines: string[] = []
  writeSeedMarkers(log)
  const plain: string[] = []
  log.subscribe(({ code, level, message }) => {
    if (code === 'marker') lines.push(message)
    if (level !== 'debug') plain.push(code)
  })
  log.write('info', 'dht.bootstrap.done', '', { network: 'local', via: PEER, routingTable: 5 })
  log.write('debug', 'announce.started', '', { form: 'kademlia', state: 'online' })
  log.write('info', 'announce.done', '', done)
  log.write('info', 'node.visible', '', { witnesses: [PEER, `${PEER}2`] })
  log.write('info', 'rpc.answered', '', { protocol: 'p', peer: PEER, calls: 1 })
  log.write('info', 'node.running', 'has no marker')
  const golden = [
    /^\[CONNECTED\] to local network via 12D3/,
    /^\[DHT\] Bootstrap complete! 5 peers in routing table$/,
    /^\[ANNOUNCE\] Announcing node to DHT\.\.\./,
    /^\[DHT\] Announced module: Tiny-Jargon-8\.0 … Tiny-Jargon-8\.3 .*acks=2 readback=peer …/,
    /^\[DHT\] Now providing: Tiny-Jargon-8\.0/,
    /^\[DHT\] Announced model metadata: _petals\.models\.Tiny-Jargon-8 .*acks=2/,
    /^\[STATUS\] Node is visible/,
    /^\[RPC\] Received request from 12D3/,
    /^\[RPC\] Responding with server info$/,
  ]
  expect(lines).toHaveLength(golden.length)
  golden.forEach((pattern, i) => void expect(lines[i]).toMatch(pattern))
  // Who does not ask for details reads each event once.
  expect(plain).toEqual(['dht.bootstrap.done', 'announce.done', 'node.visible', 'rpc.answered', 'node.running'])
})

it('M-23: only the Kademlia form provides, and nothing is provided on the way out', () => {
  const provides = (fields: object) =>
    seedMarkers({ code: 'announce.done', fields: { ...done, ...fields } }).some((line) => line.includes('providing'))
  expect(provides({})).toBe(true)
  expect(provides({ form: 'hivemind' })).toBe(false)
  expect(provides({ state: 'offline' })).toBe(false)
})

it('M-32: a success without who confirmed it is found out', () => {
  expect(hasEvidence({ code: 'announce.done', fields: done })).toBe(true)
  for (const missing of SUCCESS_EVIDENCE['announce.done'] ?? []) {
    expect(hasEvidence({ code: 'announce.done', fields: { ...done, [missing]: undefined } })).toBe(false)
  }
  expect(hasEvidence({ code: 'announce.done', fields: { ...done, acks: 0 } })).toBe(false)
  expect(hasEvidence({ code: 'node.visible', fields: { witnesses: [] } })).toBe(false)
  expect(hasEvidence({ code: 'node.running', fields: {} })).toBe(true)
})
