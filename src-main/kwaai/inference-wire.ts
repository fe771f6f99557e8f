import { encodeMsgpack, type MsgpackMap, type MsgpackValue, msgpackMap } from '../hivemind/msgpack'
import { decodeMsgpack } from '../hivemind/msgpack-decode'
import {
  asTensorBytes,
  bytesOfTokens,
  floatsOf,
  HALF_BYTES,
  halvesOf,
  malformed,
  TOKEN_BYTES,
  tokensOf,
} from './tensors'

/** Rows for one node of a chain. There is no message that opens a session or ends one: the first rows open it. */
export interface InferenceRequest {
  /** Made up by the caller; every node of the chain keeps its cache under it. 64 bits. */
  sessionId: bigint
  /** Position of the first row in the sequence; 0 begins anew. */
  position: number
  /** Token ids for the node with block 0; rows × width hidden values for the others. */
  input: { tokens: Int32Array } | { hidden: Float32Array; width: number }
}

export type InferenceReply = { sessionId: bigint } & (
  | { hidden: Float32Array; width: number }
  /** Of the last row. */
  | { logits: Float32Array }
  | { error: string }
)

const MAX_ERROR_CHARS = 300
/** A map, a list of numbers: nothing that is meant is nested deeper. */
const MAX_DEPTH = 3
const MAX_U32 = 2 ** 32 - 1

export function encodeRequest({ sessionId, position, input }: InferenceRequest): Uint8Array {
  const isTokens = 'tokens' in input
  return encodeMsgpack(
    msgpackMap({
      session_id: sessionId,
      seq_pos: position,
      payload_type: isTokens ? 'token_ids' : 'hidden_states',
      shape: isTokens ? [input.tokens.length] : [1, input.hidden.length / input.width, input.width],
      data: isTokens ? bytesOfTokens(input.tokens) : halvesOf(input.hidden),
    }),
  )
}

/** @throws PROTOCOL_VIOLATION */
export function decodeRequest(bytes: Uint8Array): InferenceRequest {
  const fields = mapOf(bytes)
  const sessionId = asU64(fields.get('session_id'))
  const position = asU32(fields.get('seq_pos'), 'seq_pos')
  const shape = asShape(fields.get('shape'))
  const data = asTensorBytes(fields.get('data'))
  switch (fields.get('payload_type')) {
    case 'token_ids': {
      const [rows] = shape
      if (shape.length !== 1 || rows === undefined || rows < 1) throw malformed('token ids need a shape [rows]')
      if (data.length !== rows * TOKEN_BYTES) throw malformed('token ids that do not fit their shape')
      return { sessionId, position, input: { tokens: tokensOf(data) } }
    }
    case 'hidden_states':
      return { sessionId, position, input: asHidden(shape, data) }
    default:
      throw malformed('an unknown payload_type')
  }
}

export function encodeReply(reply: InferenceReply): Uint8Array {
  if ('error' in reply)
    return encodeMsgpack(replyMap(reply.sessionId, 'hidden_states', [], new Uint8Array(), reply.error))
  if ('logits' in reply) {
    const { sessionId, logits } = reply
    return encodeMsgpack(replyMap(sessionId, 'logits', [1, 1, logits.length], halvesOf(logits), null))
  }
  const { sessionId, hidden, width } = reply
  const shape = [1, hidden.length / width, width]
  return encodeMsgpack(replyMap(sessionId, 'hidden_states', shape, halvesOf(hidden), null))
}

function replyMap(
  sessionId: bigint,
  type: 'hidden_states' | 'logits',
  shape: number[],
  data: Uint8Array,
  error: string | null,
): MsgpackMap {
  return msgpackMap({ session_id: sessionId, response_type: type, shape, data, error })
}

/** @throws PROTOCOL_VIOLATION */
export function decodeReply(bytes: Uint8Array): InferenceReply {
  const fields = mapOf(bytes)
  const sessionId = asU64(fields.get('session_id'))
  const error = fields.get('error') ?? null
  if (error !== null) {
    if (typeof error !== 'string') throw malformed('error is not text')
    return { sessionId, error: error.slice(0, MAX_ERROR_CHARS) }
  }
  const shape = asShape(fields.get('shape'))
  const data = asTensorBytes(fields.get('data'))
  switch (fields.get('response_type')) {
    case 'hidden_states':
      return { sessionId, ...asHidden(shape, data) }
    case 'logits': {
      // The last number is the vocabulary's size; whoever sends several rows means the last one.
      const { hidden, width } = asHidden(shape.length === 2 ? [1, ...shape] : shape, data)
      return { sessionId, logits: hidden.slice(-width) }
    }
    default:
      throw malformed('an unknown response_type')
  }
}

function mapOf(bytes: Uint8Array): MsgpackMap {
  const value = decodeMsgpack(bytes, { maxDepth: MAX_DEPTH })
  if (!(value instanceof Map)) throw malformed('not a map')
  return value as MsgpackMap
}

function asHidden(shape: readonly number[], data: Uint8Array): { hidden: Float32Array; width: number } {
  const [batch, rows, width] = shape
  if (shape.length !== 3 || batch !== 1 || !rows || !width)
    throw malformed('hidden states need a shape [1, rows, width]')
  if (data.length !== rows * width * HALF_BYTES) throw malformed('hidden states that do not fit their shape')
  return { hidden: floatsOf(data), width }
}

function asShape(value: MsgpackValue | undefined): number[] {
  if (!Array.isArray(value) || value.length > 4) throw malformed('shape is not a short list')
  return (value as readonly MsgpackValue[]).map((item) => asU32(item, 'shape'))
}

function asU32(value: MsgpackValue | undefined, name: string): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= MAX_U32)) throw malformed(`${name} is not a u32`)
  return value
}

function asU64(value: MsgpackValue | undefined): bigint {
  if (typeof value === 'number' && value >= 0) return BigInt(value)
  if (typeof value === 'bigint' && value >= 0n) return value
  throw malformed('session_id is not a u64')
}
