import * as z from 'zod'
import { EspalierError } from '../../src-shared/errors'

/** A map of a thousand servers is about 2 MB. */
export const MAX_MAP_BYTES = 8 * 1024 * 1024

const text = z.string().max(2_000)
const maybeText = text.nullish()
const info = z.object({ public_name: maybeText, state: maybeText })
const span = z.object({ start: z.int(), end: z.int(), server_info: info.nullish() })
const rowV1 = z.object({ peer_id: text, state: text, span })
const reportV1 = z.object({ dht_prefix: maybeText, name: maybeText, server_rows: z.array(rowV1) })
const peerV2 = z.object({
  peer_id: text,
  state: z.union([text, z.int()]).nullish(),
  start_block: z.int().nullish(),
  end_block: z.int().nullish(),
  public_name: maybeText,
})
const StateSchema = z.object({
  model_reports: z.array(reportV1).default([]),
  peers: z.array(peerV2).optional(),
  bootstrap_states: z.array(text).default([]),
  last_updated: z.number().nullish(),
  stale_since: z.union([z.number(), text]).nullish(),
})

export interface MapRow {
  peerId: string
  state: string
  start: number | null
  end: number | null
  publicName: string | null
}

export interface MapState {
  rows: MapRow[]
  /** DHT prefixes and names of the models that the map looks for. */
  models: string[]
  /** One for each bootstrap that the map knows, in its order, which it does not tell. */
  bootstrapStates: string[]
}

/** Reads `/api/v1/state` in the shape of the public monitor, or in that of its successor (`peers` beside the reports). @throws PROTOCOL_VIOLATION */
export function parseMapState(body: string): MapState {
  if (Buffer.byteLength(body) > MAX_MAP_BYTES) throw new EspalierError('PROTOCOL_VIOLATION', 'a map over 8 MiB')
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch (error) {
    throw new EspalierError('PROTOCOL_VIOLATION', 'the map’s answer is not JSON', { cause: error })
  }
  const parsed = StateSchema.safeParse(json)
  if (!parsed.success) throw new EspalierError('PROTOCOL_VIOLATION', z.prettifyError(parsed.error).slice(0, 300))
  const { model_reports: reports, peers = [], bootstrap_states: bootstrapStates } = parsed.data
  const rows = reports.flatMap(({ server_rows }) =>
    server_rows.map(({ peer_id, state, span: { start, end, server_info } }) => ({
      peerId: peer_id,
      state,
      start,
      end,
      publicName: server_info?.public_name ?? null,
    })),
  )
  const known = new Set(rows.map(({ peerId }) => peerId))
  const others = peers
    .filter(({ peer_id }) => !known.has(peer_id))
    .map((peer) => ({
      peerId: peer.peer_id,
      state: stateOf(peer.state),
      start: peer.start_block ?? null,
      end: peer.end_block ?? null,
      publicName: peer.public_name ?? null,
    }))
  return {
    rows: [...rows, ...others],
    models: reports.flatMap(({ dht_prefix, name }) => [dht_prefix, name].filter((one) => typeof one === 'string')),
    bootstrapStates,
  }
}

/** The newer map counts: 2 online, 1 joining, everything else offline. */
function stateOf(state: string | number | null | undefined): string {
  if (typeof state !== 'number') return state ?? 'unannounced'
  return state === 2 ? 'online' : state === 1 ? 'joining' : 'offline'
}
