import { EspalierError } from '../../src-shared/errors'
import { encodeMsgpack, float, type MsgpackMap, type MsgpackValue, msgpackMap } from '../hivemind/msgpack'
import { decodeMsgpack } from '../hivemind/msgpack-decode'
import { asOptionalBool, asOptionalCount, asOptionalRate, asOptionalText, invalid } from '../hivemind/petals-types'
import { SERVER_STATES, type ServerInfo, type ServerState } from '../hivemind/server-info'

/**
 * What a server says about itself in this form: one msgpack map, the same in records and in answers to a call.
 * Blocks are half-open: [startBlock, endBlock).
 */
export interface ExpertDescription {
  state: ServerState
  startBlock: number
  endBlock: number
  publicName: string | null
  version: string | null
  dhtClientMode: boolean
  cacheTokensAvailable: number | null
  torchDtype: string | null
  quantType: string | null
  /** Requests per second, as Petals weighs servers. */
  throughput: number
  inferenceRps: number | null
}

const MAX_BYTES = 16_384
const MAX_SPANS = 64
const MAX_NAME_LENGTH = 200

export function describe(info: ServerInfo, { dhtClientMode }: { dhtClientMode: boolean }): ExpertDescription {
  const { startBlock, endBlock } = info
  if (startBlock === null || endBlock === null || !(startBlock < endBlock)) {
    throw new EspalierError('RECORD_INVALID', 'the range of blocks is empty')
  }
  return {
    state: info.state,
    startBlock,
    endBlock,
    publicName: info.publicName,
    version: info.version,
    dhtClientMode,
    cacheTokensAvailable: info.cacheTokensLeft,
    torchDtype: info.torchDtype,
    quantType: info.quantType,
    throughput: info.throughput,
    inferenceRps: info.inferenceRps,
  }
}

/** Fields that rpc_info has come first, the document's own after them. @throws RECORD_INVALID */
export function encodeExpertDescription(info: ExpertDescription): Uint8Array {
  const { startBlock, endBlock } = info
  if (
    !Number.isSafeInteger(startBlock) ||
    startBlock < 0 ||
    !Number.isSafeInteger(endBlock) ||
    endBlock <= startBlock
  ) {
    throw new EspalierError('RECORD_INVALID', `blocks ${startBlock} to ${endBlock}`)
  }
  return encodeMsgpack(
    msgpackMap({
      version: info.version,
      dht_client_mode: info.dhtClientMode,
      cache_tokens_available: info.cacheTokensAvailable,
      torch_dtype: info.torchDtype,
      quant_type: info.quantType,
      public_name: info.publicName,
      spans: [[startBlock, endBlock]],
      throughput: rate(info.throughput, 'throughput'),
      state: info.state,
      start_block: startBlock,
      end_block: endBlock,
      inference_rps: info.inferenceRps === null ? null : rate(info.inferenceRps, 'inference_rps'),
    }),
  )
}

function rate(value: number, name: string): MsgpackValue {
  if (!Number.isFinite(value) || value < 0) throw new EspalierError('RECORD_INVALID', `${name} = ${value}`)
  return float(value)
}

/**
 * The document's fields win; where they are missing the span list is read. Numbers may come as integers: the writers
 * of this form are not Python. @throws PROTOCOL_VIOLATION
 */
export function decodeExpertDescription(bytes: Uint8Array): ExpertDescription {
  const decoded = decodeMsgpack(bytes, { maxBytes: MAX_BYTES })
  if (!(decoded instanceof Map)) throw invalid('it is not a map')
  const fields = decoded as MsgpackMap
  const [startBlock, endBlock] = spanOf(fields)
  if (!(startBlock < endBlock)) throw invalid('its range of blocks is empty')
  const state = fields.get('state')
  if (typeof state !== 'string' || !isState(state)) throw invalid('its state is unknown')
  return {
    state,
    startBlock,
    endBlock,
    publicName: shortText(fields.get('public_name'), 'public_name'),
    version: shortText(fields.get('version'), 'version'),
    dhtClientMode: asOptionalBool(fields.get('dht_client_mode'), 'dht_client_mode') ?? false,
    cacheTokensAvailable: asOptionalCount(fields.get('cache_tokens_available'), 'cache_tokens_available'),
    torchDtype: shortText(fields.get('torch_dtype'), 'torch_dtype'),
    quantType: shortText(fields.get('quant_type'), 'quant_type'),
    throughput: lenientRate(fields.get('throughput'), 'throughput') ?? 0,
    inferenceRps: lenientRate(fields.get('inference_rps'), 'inference_rps'),
  }
}

function isState(text: string): text is ServerState {
  return (SERVER_STATES as readonly string[]).includes(text)
}

function shortText(value: MsgpackValue | undefined, name: string): string | null {
  return asOptionalText(value, name)?.slice(0, MAX_NAME_LENGTH) ?? null
}

function lenientRate(value: MsgpackValue | undefined, name: string): number | null {
  return asOptionalRate(typeof value === 'number' ? float(value) : value, name)
}

function spanOf(fields: MsgpackMap): [number, number] {
  const start = asOptionalCount(fields.get('start_block'), 'start_block')
  const end = asOptionalCount(fields.get('end_block'), 'end_block')
  if (start !== null && end !== null) return [start, end]
  const spans = fields.get('spans')
  const first = Array.isArray(spans) && spans.length <= MAX_SPANS ? (spans[0] as MsgpackValue) : null
  if (!Array.isArray(first)) throw invalid('it names no blocks')
  const [from, to] = first as MsgpackValue[]
  return [asOptionalCount(from, 'spans') ?? 0, asOptionalCount(to, 'spans') ?? 0]
}

/** As the rest of the node thinks of a server. What this form does not carry is null. */
export function serverInfoOf(info: ExpertDescription): ServerInfo {
  return {
    state: info.state,
    throughput: info.throughput,
    startBlock: info.startBlock,
    endBlock: info.endBlock,
    publicName: info.publicName,
    version: info.version,
    networkRps: null,
    forwardRps: null,
    inferenceRps: info.inferenceRps,
    adapters: [],
    torchDtype: info.torchDtype,
    quantType: info.quantType,
    usingRelay: null,
    cacheTokensLeft: info.cacheTokensAvailable,
    nextPings: null,
  }
}
