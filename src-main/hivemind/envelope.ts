import { EspalierError } from '../../src-shared/errors'
import { ProtoWriter, protoFields, protoViolation } from './protobuf'

/**
 * The envelope of hivemind's unary calls: the same message type in both directions. Its fields are proto2
 * *required*: a Go daemon drops the stream without a word when one is left out because it is empty.
 */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024
export const CALL_ID_BYTES = 16

export interface UnaryCall {
  /** 16 bytes that the reply repeats. */
  callId: Uint8Array
  /** Multihash bytes of the callee. Never the caller's identity: that is what the connection proved. */
  peer: Uint8Array
  protocol: string
  payload: Uint8Array
}

export type UnaryReply = { callId: Uint8Array } & ({ payload: Uint8Array } | { errorText: string })

/** @throws BAD_ARGUMENT when the frame would exceed 4 MiB. */
export function encodeCall(call: UnaryCall): Uint8Array {
  const writer = new ProtoWriter().bytes(1, call.callId)
  writer.message(3, (body) => body.bytes(1, call.peer).text(2, call.protocol).bytes(3, call.payload))
  return limited(writer.finish())
}

/** @throws BAD_ARGUMENT when the frame would exceed 4 MiB. */
export function encodeReply(reply: UnaryReply): Uint8Array {
  // Present even when empty: without the inner field the caller waits until its own deadline.
  const writer = new ProtoWriter().bytes(1, reply.callId)
  writer.message(4, (result) => ('payload' in reply ? result.bytes(1, reply.payload) : result.text(2, reply.errorText)))
  return limited(writer.finish())
}

function limited(frame: Uint8Array): Uint8Array {
  if (frame.length > MAX_FRAME_BYTES) throw new EspalierError('BAD_ARGUMENT', 'the message exceeds 4 MiB')
  return frame
}

/** @throws PROTOCOL_VIOLATION */
export function decodeCall(frame: Uint8Array): UnaryCall {
  let callId: Uint8Array | undefined
  let body: Uint8Array | undefined
  for (const field of protoFields(frame)) {
    if (field.number === 1) callId = field.bytes()
    else if (field.number === 3) body = field.bytes()
  }
  if (callId?.length !== CALL_ID_BYTES || body === undefined) throw protoViolation('not a unary call')
  let peer: Uint8Array | undefined
  let protocol: string | undefined
  let payload: Uint8Array | undefined
  for (const field of protoFields(body)) {
    if (field.number === 1) peer = field.bytes(256)
    else if (field.number === 2) protocol = field.text(1024)
    else if (field.number === 3) payload = field.bytes()
  }
  if (peer === undefined || protocol === undefined || payload === undefined) {
    throw protoViolation('a unary call without its required fields')
  }
  return { callId, peer, protocol, payload }
}

/** @throws PROTOCOL_VIOLATION */
export function decodeReply(frame: Uint8Array): UnaryReply {
  let callId: Uint8Array | undefined
  let result: Uint8Array | undefined
  for (const field of protoFields(frame)) {
    if (field.number === 1) callId = field.bytes()
    else if (field.number === 4) result = field.bytes()
  }
  if (callId === undefined || result === undefined) throw protoViolation('not a unary reply')
  for (const field of protoFields(result)) {
    if (field.number === 1) return { callId, payload: field.bytes() }
    if (field.number === 2) return { callId, errorText: field.text(MAX_FRAME_BYTES) }
  }
  throw protoViolation('a unary reply without a result')
}
