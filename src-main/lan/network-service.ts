import type { Answer, Packet } from 'dns-packet'
import ipaddr from 'ipaddr.js'
import type { LanView } from '../../src-shared/computer-view'
import { plainText } from '../coordinator/plain-text'

/** What coordinators on a local network answer for (DNS-based service discovery, RFC 6763). */
export const SERVICE = '_espalier._tcp.local'
const MODEL_KEY = 'model='
/** One text of a TXT record holds 255 bytes, and a character takes up to four. */
const MAX_MODEL_CHARS = 60
const TTL_S = 120

export interface AnnouncedNetwork {
  /** Tells one coordinator from the others: letters and digits, at most 63. */
  id: string
  /** Of its web server, which speaks plain HTTP on every address of its computer. */
  port: number
  modelName: string | null
}

/** A pointer to the one service, its port, and what it says of itself. Addresses are those of the packet. */
export function recordsOf({ id, port, modelName }: AnnouncedNetwork): { answers: Answer[]; additionals: Answer[] } {
  const name = `${id}.${SERVICE}`
  const text = modelName === null ? [] : [`${MODEL_KEY}${plainText(modelName, MAX_MODEL_CHARS)}`]
  return {
    answers: [{ type: 'PTR', name: SERVICE, ttl: TTL_S, data: name }],
    additionals: [
      { type: 'SRV', name, ttl: TTL_S, data: { port, target: `${id}.local`, priority: 0, weight: 0 } },
      { type: 'TXT', name, ttl: TTL_S, data: text },
    ],
  }
}

/** Whether a question is for us. */
export function asksForNetworks({ questions = [] }: Packet): boolean {
  return questions.some(({ type, name }) => type === 'PTR' && name.toLowerCase() === SERVICE)
}

/**
 * The networks in an answer from `sender`. Where they are is where the answer came from, never what it says: so that
 * nobody can lead others to a third computer. An answer from outside of private address ranges is none, but our own is.
 */
export function networksIn(packet: Packet, sender: string, isOwn: boolean): LanView['networks'] {
  if (!isOwn && !isPrivate(sender)) return []
  const records = [...(packet.answers ?? []), ...(packet.additionals ?? [])]
  return records.flatMap((record) => {
    if (record.type !== 'SRV' || !isService(record.name)) return []
    const { port } = record.data
    if (!Number.isInteger(port) || port < 1 || port > 65_535) return []
    const texts = records.flatMap((other) =>
      other.type === 'TXT' && other.name === record.name ? [other.data].flat() : [],
    )
    const model = texts.map((text) => String(text)).find((text) => text.startsWith(MODEL_KEY))
    const modelName = model ? plainText(model.slice(MODEL_KEY.length), MAX_MODEL_CHARS) || null : null
    return [{ url: `http://${sender}:${port}`, modelName, isOwn }]
  })
}

function isService(name: string): boolean {
  return name.toLowerCase().endsWith(`.${SERVICE}`)
}

function isPrivate(address: string): boolean {
  if (!ipaddr.IPv4.isValid(address)) return false
  return ['private', 'linkLocal', 'loopback'].includes(ipaddr.IPv4.parse(address).range())
}
