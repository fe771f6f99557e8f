import * as z from 'zod'
import { EspalierError } from '../../../src-shared/errors'

/**
 * `/espalier/pieces/1`: one long-lived stream per pair of peers, messages with a u32 big-endian length in front.
 * Requests are JSON of at most 1 KiB. The answer to `have` is one JSON message. The answer to `read` are data messages
 * (a zero byte, then bytes of the model file) that together have the size that was asked for; or, at any place, a
 * refusal (a one, then JSON) after which the stream goes on with the next request.
 */
export const PIECES_PROTOCOL = '/espalier/pieces/1'
export const MAX_REQUEST_BYTES = 1024
export const DATA_BYTES = 256 * 1024
/** A bitmap of 65,536 pieces in base64, and some. */
export const MAX_ANSWER_BYTES = DATA_BYTES + 1
/** What one `read` may ask for. */
export const MAX_READ_BYTES = 2 ** 30

const root = z.string().regex(/^[0-9a-f]{64}$/)
export const PiecesRequestSchema = z.discriminatedUnion('op', [
  z.object({ v: z.literal(1), op: z.literal('have'), root }),
  z.object({
    v: z.literal(1),
    op: z.literal('read'),
    root,
    offset: z.int().min(0),
    size: z.int().min(1).max(MAX_READ_BYTES),
  }),
])
export type PiecesRequest = z.infer<typeof PiecesRequestSchema>

/** One bit per piece of the manifest, lowest bit first. */
export const HaveSchema = z.object({ v: z.literal(1), header: z.boolean(), pieces: z.base64().max(16_384) })
export type Have = z.infer<typeof HaveSchema>

const RefusalSchema = z.object({ code: z.enum(['busy', 'missing', 'invalid', 'closing']), text: z.string().max(300) })
export type Refusal = z.infer<typeof RefusalSchema>

export const DATA = 0
export const REFUSAL = 1

export function encodeJson(value: PiecesRequest | Have): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

export function encodeRefusal(refusal: Refusal): Uint8Array {
  return Buffer.concat([Uint8Array.of(REFUSAL), Buffer.from(JSON.stringify(refusal))])
}

/** Throws PROTOCOL_VIOLATION. */
export function decodeJson<T>(schema: z.ZodType<T>, bytes: Uint8Array, maxBytes: number): T {
  if (bytes.byteLength > maxBytes)
    throw new EspalierError('PROTOCOL_VIOLATION', `a message of ${bytes.byteLength} bytes`)
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    throw new EspalierError('PROTOCOL_VIOLATION', 'a message that is not JSON')
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new EspalierError('PROTOCOL_VIOLATION', parsed.error.issues[0]?.message)
  return parsed.data
}

/** What a refusal means for the one who asked: busy passes, missing does not. */
export function refusalError(bytes: Uint8Array): EspalierError {
  const { code, text } = decodeJson(RefusalSchema, bytes, MAX_REQUEST_BYTES)
  if (code === 'missing') return new EspalierError('SOURCE_REFUSED', text)
  return new EspalierError(code === 'invalid' ? 'REMOTE_ERROR' : 'PEER_UNREACHABLE', text)
}

export function encodeBitmap(pieces: ReadonlySet<number>, count: number): string {
  const bits = Buffer.alloc(Math.ceil(count / 8))
  for (const piece of pieces) if (piece < count) bits[piece >> 3] = (bits[piece >> 3] ?? 0) | (1 << (piece & 7))
  return bits.toString('base64')
}

export function decodeBitmap(text: string, count: number): Set<number> {
  const bits = Buffer.from(text, 'base64')
  const pieces = new Set<number>()
  for (let piece = 0; piece < count; piece++) if (((bits[piece >> 3] ?? 0) >> (piece & 7)) & 1) pieces.add(piece)
  return pieces
}
