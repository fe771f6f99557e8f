import * as z from 'zod'
import { EspalierError } from '../../../src-shared/errors'
import type { ByteStream } from './byte-stream'

/**
 * `/espalier/pieces/1`, on one long-lived stream per pair of peers:
 *
 *   request  = u32 length ‖ JSON of at most 1 KiB
 *   answer   = kind u8 ‖ u32 length ‖ body                big-endian
 *
 * `have` is answered by one answer of the kind `have` (JSON). `read` is answered by answers of the kind `data` which
 * together have the size that was asked for; or, at any place, by a `refusal` (JSON), after which the stream goes on
 * with the next request.
 */
export const PIECES_PROTOCOL = '/espalier/pieces/1'
export const ANSWER = { data: 0, refusal: 1, have: 2 } as const
export const MAX_REQUEST_BYTES = 1024
/** A bitmap of 65,536 pieces in base64, and some. */
const MAX_JSON_BYTES = 16 * 1024
/** What one `read` may ask for. */
export const MAX_READ_BYTES = 2 ** 30

const root = z.string().regex(/^[0-9a-f]{64}$/)
const PiecesRequestSchema = z.discriminatedUnion('op', [
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
const HaveSchema = z.object({ v: z.literal(1), header: z.boolean(), pieces: z.base64().max(MAX_JSON_BYTES) })
export type Have = z.infer<typeof HaveSchema>

const RefusalSchema = z.object({ code: z.enum(['busy', 'missing', 'invalid']), text: z.string().max(300) })
export type Refusal = z.infer<typeof RefusalSchema>

export async function sendRequest(stream: ByteStream, request: PiecesRequest): Promise<void> {
  const body = Buffer.from(JSON.stringify(request))
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.byteLength)
  await stream.send(Buffer.concat([head, body]))
}

/** Null when the peer ended the stream in order. Throws PROTOCOL_VIOLATION. */
export async function readRequest(stream: ByteStream): Promise<PiecesRequest | null> {
  const head = await stream.take(4)
  if (head === null) return null
  const length = Buffer.from(head).readUInt32BE()
  if (length > MAX_REQUEST_BYTES) throw new EspalierError('PROTOCOL_VIOLATION', `a request of ${length} bytes`)
  const body = await stream.take(length)
  if (body === null) throw new EspalierError('PROTOCOL_VIOLATION', 'the stream ended inside a request')
  return decodeJson(PiecesRequestSchema, body)
}

export function answerHead(kind: number, sizeBytes: number): Uint8Array {
  const head = Buffer.alloc(5)
  head.writeUInt8(kind)
  head.writeUInt32BE(sizeBytes, 1)
  return head
}

export async function sendJson(stream: ByteStream, kind: number, value: Have | Refusal): Promise<void> {
  const body = Buffer.from(JSON.stringify(value))
  await stream.send(Buffer.concat([answerHead(kind, body.byteLength), body]))
}

/** The head of the next answer. A refusal is thrown as what it means: busy passes, missing does not. */
export async function readHead(stream: ByteStream): Promise<{ kind: number; sizeBytes: number }> {
  const head = await stream.take(5)
  if (head === null) throw new EspalierError('PEER_UNREACHABLE', 'the peer ended the stream')
  const [kind, sizeBytes] = [head[0] ?? 255, Buffer.from(head).readUInt32BE(1)]
  if (kind !== ANSWER.refusal) return { kind, sizeBytes }
  const { code, text } = decodeJson(RefusalSchema, await readBody(stream, sizeBytes))
  if (code === 'missing') throw new EspalierError('SOURCE_REFUSED', text)
  throw new EspalierError(code === 'invalid' ? 'REMOTE_ERROR' : 'SOURCE_BUSY', text)
}

export async function readHave(stream: ByteStream): Promise<Have> {
  const { kind, sizeBytes } = await readHead(stream)
  if (kind !== ANSWER.have) throw new EspalierError('PROTOCOL_VIOLATION', `an answer of kind ${kind}`)
  return decodeJson(HaveSchema, await readBody(stream, sizeBytes))
}

async function readBody(stream: ByteStream, sizeBytes: number): Promise<Uint8Array> {
  if (sizeBytes > MAX_JSON_BYTES) throw new EspalierError('PROTOCOL_VIOLATION', `an answer of ${sizeBytes} bytes`)
  const body = await stream.take(sizeBytes)
  if (body === null) throw new EspalierError('PROTOCOL_VIOLATION', 'the stream ended inside an answer')
  return body
}

function decodeJson<T>(schema: z.ZodType<T>, bytes: Uint8Array): T {
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
