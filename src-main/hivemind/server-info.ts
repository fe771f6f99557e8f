import { EspalierError } from '../../src-shared/errors'
import { encodeMsgpack, type Float, float, type MsgpackMap, type MsgpackValue, msgpackMap, Tuple } from './msgpack'
import { decodeMsgpack } from './msgpack-decode'
import {
  asOptionalBool,
  asOptionalCount,
  asOptionalRate,
  asOptionalText,
  asPings,
  asRate,
  asTexts,
  invalid,
  wholeNumber,
} from './petals-types'

/** Petals writes them as 0, 1, 2. */
export const SERVER_STATES = ['offline', 'joining', 'online'] as const
export type ServerState = (typeof SERVER_STATES)[number]

/** What a server says about itself under every block that it serves. Blocks are half-open: [startBlock, endBlock). */
export interface ServerInfo {
  state: ServerState
  /** Requests per second, as Petals weighs servers. */
  throughput: number
  startBlock: number | null
  endBlock: number | null
  publicName: string | null
  version: string | null
  networkRps: number | null
  forwardRps: number | null
  inferenceRps: number | null
  adapters: readonly string[]
  torchDtype: string | null
  quantType: string | null
  usingRelay: boolean | null
  cacheTokensLeft: number | null
  /** Seconds to the peers of the next blocks, by base58 peer id; Infinity when one did not answer. */
  nextPings: ReadonlyMap<string, number> | null
}

const MAX_VALUE_BYTES = 65_536

/**
 * The record's value, as Petals writes it: a tuple of state, throughput and a map of 13 keys in a fixed order.
 * Numbers that readers check strictly are written as the type they expect.
 * @throws RECORD_INVALID for what would make a reader drop the record, or stop a whole map: an empty span,
 * a number that is negative or not finite, a fraction where a count belongs
 */
export function encodeServerInfo(info: ServerInfo): Uint8Array {
  const { startBlock, endBlock } = info
  if (startBlock === null || endBlock === null) throw refuse('the blocks are missing')
  // Python's map divides by the length of the span.
  if (!(count(startBlock, 'start_block') < count(endBlock, 'end_block'))) throw refuse('the range of blocks is empty')
  const extra = msgpackMap({
    start_block: startBlock,
    end_block: endBlock,
    public_name: info.publicName,
    version: info.version,
    network_rps: optionalRate(info.networkRps, 'network_rps'),
    forward_rps: optionalRate(info.forwardRps, 'forward_rps'),
    inference_rps: optionalRate(info.inferenceRps, 'inference_rps'),
    adapters: new Tuple(info.adapters),
    torch_dtype: info.torchDtype,
    quant_type: info.quantType,
    using_relay: info.usingRelay,
    cache_tokens_left: info.cacheTokensLeft === null ? null : count(info.cacheTokensLeft, 'cache_tokens_left'),
    next_pings: info.nextPings === null ? null : pingsOf(info.nextPings),
  })
  const value = encodeMsgpack(
    new Tuple([SERVER_STATES.indexOf(info.state), rate(info.throughput, 'throughput'), extra]),
  )
  if (value.length > MAX_VALUE_BYTES) throw refuse('the record is too long')
  return value
}

function refuse(detail: string): EspalierError {
  return new EspalierError('RECORD_INVALID', detail)
}

function count(value: number, name: string): number {
  if (!Number.isSafeInteger(value) || value < 0) throw refuse(`${name} = ${value}`)
  return value
}

function rate(value: number, name: string): Float {
  if (!Number.isFinite(value) || value < 0) throw refuse(`${name} = ${value}`)
  return float(value)
}

function optionalRate(value: number | null, name: string): Float | null {
  return value === null ? null : rate(value, name)
}

function pingsOf(pings: ReadonlyMap<string, number>): MsgpackMap {
  const map = new Map<string, MsgpackValue>()
  for (const [peer, seconds] of pings) {
    // Infinity is a failed ping; only here may a number not be finite.
    map.set(peer, seconds === Number.POSITIVE_INFINITY ? float(seconds) : rate(seconds, `next_pings of ${peer}`))
  }
  return map
}

/**
 * Reads a record as strictly as Petals' own readers do, so that what we show is what they show: an integer where a
 * float belongs hides a server. @throws PROTOCOL_VIOLATION for a record that they would drop
 */
export function decodeServerInfo(bytes: Uint8Array): ServerInfo {
  const decoded = decodeMsgpack(bytes, { maxBytes: MAX_VALUE_BYTES })
  // A plain list instead of a tuple passes there, too.
  const items = decoded instanceof Tuple ? decoded.items : decoded
  if (!Array.isArray(items) || items.length < 2) throw invalid('it is not a tuple')
  const [state, throughput, extra = new Map()] = items as MsgpackValue[]
  if (!(extra instanceof Map)) throw invalid('its third part is not a map')
  const fields = extra as MsgpackMap
  if (fields.has('state') || fields.has('throughput')) throw invalid('a field is there twice')
  return {
    state: stateOf(state, fields),
    throughput: asRate(throughput, 'throughput'),
    startBlock: asOptionalCount(fields.get('start_block'), 'start_block'),
    endBlock: asOptionalCount(fields.get('end_block'), 'end_block'),
    publicName: asOptionalText(fields.get('public_name'), 'public_name'),
    version: asOptionalText(fields.get('version'), 'version'),
    networkRps: asOptionalRate(fields.get('network_rps'), 'network_rps'),
    forwardRps: asOptionalRate(fields.get('forward_rps'), 'forward_rps'),
    inferenceRps: asOptionalRate(fields.get('inference_rps'), 'inference_rps'),
    adapters: asTexts(fields.get('adapters'), 'adapters'),
    torchDtype: asOptionalText(fields.get('torch_dtype'), 'torch_dtype'),
    quantType: asOptionalText(fields.get('quant_type'), 'quant_type'),
    usingRelay: asOptionalBool(fields.get('using_relay'), 'using_relay'),
    cacheTokensLeft: asOptionalCount(fields.get('cache_tokens_left'), 'cache_tokens_left'),
    nextPings: asPings(fields.get('next_pings'), 'next_pings'),
  }
}

function stateOf(value: MsgpackValue | undefined, fields: MsgpackMap): ServerState {
  const state = SERVER_STATES[wholeNumber(value) ?? -1]
  if (state === undefined) throw invalid('its state is unknown')
  // Older KwaaiNet nodes say 0 while they load, and mark it with this field.
  return state === 'offline' && fields.get('shard_loading') === true ? 'joining' : state
}

// One door for readers and writers of records.
export {
  blockKey,
  checkDhtPrefix,
  dhtPrefixFor,
  dhtPrefixFromName,
  isDhtPrefix,
  type PrefixFamily,
  parseBlockKey,
} from './block-key'
export { decodeModelInfo, encodeModelInfo, MODELS_KEY, type ModelInfo } from './model-index'

/** Of a server that says no more than where it serves. */
export const NO_DETAILS = {
  networkRps: null,
  forwardRps: null,
  inferenceRps: null,
  adapters: [],
  torchDtype: null,
  quantType: null,
  usingRelay: null,
  cacheTokensLeft: null,
  nextPings: null,
} satisfies Partial<ServerInfo>
