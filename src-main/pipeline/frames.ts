import { decode, encode } from '@msgpack/msgpack'
import * as z from 'zod'
import { ERROR_CODES } from '../../src-shared/error-catalogue'
import { EspalierError } from '../../src-shared/errors'
import { SamplingSchema } from '../engine/sampling'
import { SessionBindingSchema } from '../membership/session-binding'
import { fromHalves, toHalves } from '../shards/half-float'

export { BOUND_PROTOCOL, MENDING_PROTOCOL, PIPELINE_PROTOCOL } from './protocols'

/** 512 rows of 8192 f32 channels, and room for a header. */
export const MAX_FRAME_BYTES = 17 * 1024 * 1024
const VERSION = 1
const SESSION_BYTES = 16
const PREFIX_BYTES = 2 + SESSION_BYTES
const MAX_STAGES = 128
const MAX_ROWS = 4096
const MAX_LOGITS = 1 << 20
const FLAG_WANTS_ANSWER = 1
const FLAG_TOKENS = 2
const FLAG_HALF = 4
const FLAG_KEPT = 8
const STEP_HEAD_BYTES = 10
const RESULT_HEAD_BYTES = 13
const MAX_BODY_BYTES = 64 * 1024
/** One a stage, counted in a byte. */
const MAX_TIMES_BYTES = 255 * 4

/** The most that a frame has which carries no tensor. */
export const MAX_BODY_FRAME_BYTES = PREFIX_BYTES + MAX_BODY_BYTES
/** The most that the answer of a last stage has. */
export const MAX_RESULT_FRAME_BYTES = PREFIX_BYTES + RESULT_HEAD_BYTES + MAX_TIMES_BYTES + MAX_LOGITS * 4

/** The most that a step of so many rows, so many channels wide, has. */
export function stepFrameBytes(rows: number, width: number): number {
  return PREFIX_BYTES + STEP_HEAD_BYTES + MAX_TIMES_BYTES + rows * width * 4
}

const Type = {
  open: 1,
  opened: 2,
  step: 3,
  result: 4,
  close: 5,
  error: 6,
  check: 7,
  checked: 8,
  notice: 9,
  taken: 10,
  part: 11,
  mend: 12,
  mended: 13,
} as const

const peerId = z.string().min(1).max(120)
const range = { start: z.int().min(0).max(4096), end: z.int().min(1).max(4096) }
const route = z
  .array(z.strictObject({ peer: peerId, ...range }))
  .min(1)
  .max(MAX_STAGES)
const stage = z.int().min(0).max(MAX_STAGES)
const rows = z
  .int()
  .min(0)
  .max(1 << 20)
const token = z.string().max(4096).optional()
/** The entry's signature under session and route, in networks for members only. Only over BOUND_PROTOCOL. */
const binding = SessionBindingSchema.optional()

const OpenBody = z.strictObject({
  /** Merkle root of the model's manifest: all stages serve the same bytes. */
  root: z.string().min(1).max(100),
  /** Where the last stage sends results. */
  entry: peerId,
  /** Index of the receiver in `route`. */
  stage,
  route,
  /** Tokens that prompt and answer may take together; KV room is kept for as many on every stage. */
  contextTokens: z
    .int()
    .min(1)
    .max(1 << 20),
  /**
   * Hidden states go in single precision, and no stage computes this session together with others: what a parity run
   * compares. Without it they go in half precision. Absent: exact, as builds send that know no other form.
   */
  exact: z.boolean().optional(),
  /** Whether results carry the logits of the row (parity runs); otherwise only the greedy token. */
  wantsLogits: z.boolean(),
  /** How the last stage chooses tokens; absent for the likeliest. Logits come with the likeliest only. */
  sampling: SamplingSchema.optional(),
  /** The entry's capability token, in networks that give some. */
  token,
  binding,
  /** Each stage keeps what it sends on, and waits for a while when a neighbour is lost. Only over MENDING_PROTOCOL. */
  keeps: z.boolean().optional(),
  /** The session is there already: this is for the replacement of this stage of the route, or for the one after it. */
  replaces: stage.optional(),
})
const ErrorBody = z.strictObject({ code: z.enum(ERROR_CODES), cause: z.string().max(1000), peer: peerId, ...range })
/** What one node holds against another, told to the one that it is about. */
const NoticeBody = z.strictObject({ code: z.enum(ERROR_CODES), cause: z.string().max(1000) })
/** How far a session has come at a stage. Rows count from the session's first one. */
const StageProgress = z.strictObject({
  /** It is opened, and so was the next stage asked to; or it is about to be; or the stage has no such session. */
  stands: z.enum(['unknown', 'opening', 'open']),
  received: rows,
  computed: rows,
  /** With the next stage, or of no use to it. */
  passed: rows,
})
const CheckedBody = z.strictObject({
  ...{ root: z.string().max(100), ...range, proven: z.boolean() },
  /** Sessions that run there now: whoever comes next waits for their turns. */
  sessions: z.int().min(0).max(65_536).optional(),
  /** Its own capability token, in networks for members only. Only over BOUND_PROTOCOL. */
  token,
  /** Of the session that the check names, for its entry alone. Only over BOUND_PROTOCOL. */
  progress: StageProgress.optional(),
})

/** The entry to a neighbour of a lost stage. */
const MendBody = z.strictObject({
  /** As it is from now on. */
  route,
  /** Index of the receiver. */
  stage,
  /** Index of the stage that another peer takes over: the receiver's next one, or the one before it. */
  replaced: stage,
  /** For whoever comes before: rows whose outcome is needed by nobody any more. */
  resumeAt: rows,
  token,
  binding,
})
const MendedBody = z.strictObject({
  /** Rows of the session that have reached the sender. */
  position: rows,
  /** Rows that were sent again, for the cache alone. */
  rows,
  /** Why it can't be: the session goes on as one that is opened anew. */
  refusal: z.string().max(1000).optional(),
})

export type OpenBody = z.infer<typeof OpenBody>
export type ErrorBody = z.infer<typeof ErrorBody>
export type NoticeBody = z.infer<typeof NoticeBody>
export type StageProgress = z.infer<typeof StageProgress>
export type CheckedBody = z.infer<typeof CheckedBody>
export type MendBody = z.infer<typeof MendBody>
export type MendedBody = z.infer<typeof MendedBody>

export interface StepFrame {
  type: 'step'
  session: string
  /** Position of the first row in the sequence. */
  position: number
  rows: number
  wantsAnswer: boolean
  /** Time that each earlier stage computed on these rows, ms. */
  computeMs: number[]
  /** The hidden states go, or came, in half precision. One that it can't hold makes its frame go in single. */
  isHalf?: boolean
  /** For the cache of a stage that was replaced: what comes of it has gone on before. */
  isKept?: boolean
  /** Token ids (first stage) or the residual stream, rows × embedding length. */
  input: { tokens: Int32Array } | { hidden: Float32Array }
}

export interface ResultFrame {
  type: 'result'
  session: string
  /** Position of the row that the answer belongs to. */
  position: number
  token: number
  computeMs: number[]
  logits: Float32Array | null
}

export type Frame =
  | { type: 'open'; session: string; body: OpenBody }
  | { type: 'opened'; session: string }
  | StepFrame
  | ResultFrame
  | { type: 'close'; session: string }
  /** To the neighbour before: a step that wanted no answer is computed and passed on, so another one may come. */
  | { type: 'taken'; session: string }
  | { type: 'error'; session: string; body: ErrorBody }
  /** As an error, but whoever sends it keeps the session: up, about the next stage; down, about the sender itself. */
  | { type: 'part'; session: string; body: ErrorBody }
  | { type: 'mend'; session: string; body: MendBody }
  | { type: 'mended'; session: string; body: MendedBody }
  | { type: 'check'; session: string }
  | { type: 'checked'; session: string; body: CheckedBody }
  | { type: 'notice'; session: string; body: NoticeBody }

/** The frame in parts, so that big tensors are not copied again. */
export function encodeFrame(frame: Frame): Uint8Array[] {
  const prefix = new Uint8Array(PREFIX_BYTES)
  prefix[0] = VERSION
  prefix[1] = Type[frame.type]
  prefix.set(Buffer.from(frame.session, 'hex'), 2)
  switch (frame.type) {
    case 'open':
    case 'error':
    case 'part':
    case 'mend':
    case 'mended':
    case 'checked':
    case 'notice':
      return [prefix, encode(frame.body)]
    case 'opened':
    case 'taken':
    case 'close':
    case 'check':
      return [prefix]
    case 'step': {
      const isTokens = 'tokens' in frame.input
      const halves = frame.isHalf && 'hidden' in frame.input ? toHalves(frame.input.hidden) : null
      const flags =
        (frame.wantsAnswer ? FLAG_WANTS_ANSWER : 0) |
        (isTokens ? FLAG_TOKENS : 0) |
        (halves ? FLAG_HALF : 0) |
        (frame.isKept ? FLAG_KEPT : 0)
      const head = new DataView(new ArrayBuffer(STEP_HEAD_BYTES))
      head.setUint32(0, frame.position, true)
      head.setUint32(4, frame.rows, true)
      head.setUint8(8, flags)
      head.setUint8(9, frame.computeMs.length)
      const payload = halves ?? ('tokens' in frame.input ? frame.input.tokens : frame.input.hidden)
      return [prefix, bytesOf(head), bytesOf(Float32Array.from(frame.computeMs)), bytesOf(payload)]
    }
    case 'result': {
      const head = new DataView(new ArrayBuffer(RESULT_HEAD_BYTES))
      head.setUint32(0, frame.position, true)
      head.setUint32(4, frame.token, true)
      head.setUint32(8, frame.logits?.length ?? 0, true)
      head.setUint8(12, frame.computeMs.length)
      return [
        prefix,
        bytesOf(head),
        bytesOf(Float32Array.from(frame.computeMs)),
        bytesOf(frame.logits ?? new Uint8Array()),
      ]
    }
  }
}

/** Throws PROTOCOL_VIOLATION for anything that is not exactly a frame. */
export function decodeFrame(bytes: Uint8Array): Frame {
  if (bytes.length < PREFIX_BYTES) throw violation('shorter than a frame')
  if (bytes[0] !== VERSION) throw violation(`version ${bytes[0]}`)
  const session = Buffer.from(bytes.buffer, bytes.byteOffset + 2, SESSION_BYTES).toString('hex')
  const rest = bytes.subarray(PREFIX_BYTES)
  switch (bytes[1]) {
    case Type.open:
      return { type: 'open', session, body: decodeBody(OpenBody, rest) }
    case Type.opened:
      return { type: 'opened', session }
    case Type.taken:
      return { type: 'taken', session }
    case Type.step:
      return decodeStep(session, rest)
    case Type.result:
      return decodeResult(session, rest)
    case Type.close:
      return { type: 'close', session }
    case Type.error:
      return { type: 'error', session, body: decodeBody(ErrorBody, rest) }
    case Type.part:
      return { type: 'part', session, body: decodeBody(ErrorBody, rest) }
    case Type.mend:
      return { type: 'mend', session, body: decodeBody(MendBody, rest) }
    case Type.mended:
      return { type: 'mended', session, body: decodeBody(MendedBody, rest) }
    case Type.check:
      return { type: 'check', session }
    case Type.checked:
      return { type: 'checked', session, body: decodeBody(CheckedBody, rest) }
    case Type.notice:
      return { type: 'notice', session, body: decodeBody(NoticeBody, rest) }
    default:
      throw violation(`unknown frame type ${bytes[1]}`)
  }
}

function decodeStep(session: string, bytes: Uint8Array): StepFrame {
  if (bytes.length < STEP_HEAD_BYTES) throw violation('a step without its header')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const rows = view.getUint32(4, true)
  const flags = view.getUint8(8)
  const stages = view.getUint8(9)
  if (rows < 1 || rows > MAX_ROWS) throw violation(`${rows} rows`)
  const payload = copyOf(bytes, STEP_HEAD_BYTES + stages * 4)
  const isTokens = (flags & FLAG_TOKENS) !== 0
  const isHalf = (flags & FLAG_HALF) !== 0
  if (isTokens && isHalf) throw violation('tokens in half precision')
  const valueBytes = isHalf ? 2 : 4
  if (payload.length === 0 || payload.length % (valueBytes * rows) !== 0)
    throw violation('a payload that does not fit its rows')
  if (isTokens && payload.length !== rows * 4) throw violation('not one token a row')
  return {
    type: 'step',
    session,
    position: view.getUint32(0, true),
    rows,
    wantsAnswer: (flags & FLAG_WANTS_ANSWER) !== 0,
    computeMs: floats(bytes, STEP_HEAD_BYTES, stages),
    ...(isHalf && { isHalf }),
    ...((flags & FLAG_KEPT) !== 0 && { isKept: true }),
    input: isTokens
      ? { tokens: new Int32Array(payload.buffer) }
      : { hidden: isHalf ? fromHalves(new Uint16Array(payload.buffer)) : new Float32Array(payload.buffer) },
  }
}

function decodeResult(session: string, bytes: Uint8Array): ResultFrame {
  if (bytes.length < RESULT_HEAD_BYTES) throw violation('a result without its header')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const logits = view.getUint32(8, true)
  const stages = view.getUint8(12)
  if (logits > MAX_LOGITS || bytes.length !== RESULT_HEAD_BYTES + stages * 4 + logits * 4)
    throw violation('a result of the wrong length')
  return {
    type: 'result',
    session,
    position: view.getUint32(0, true),
    token: view.getUint32(4, true),
    computeMs: floats(bytes, RESULT_HEAD_BYTES, stages),
    logits: logits === 0 ? null : Float32Array.from(floats(bytes, RESULT_HEAD_BYTES + stages * 4, logits)),
  }
}

/** Whoever asks has looked whether they are all there. */
function floats(bytes: Uint8Array, offset: number, count: number): number[] {
  return Array.from(new Float32Array(copyOf(bytes, offset, offset + count * 4).buffer))
}

/** Typed arrays need an aligned start of their own, which network buffers don't have; and a Buffer's `slice` shares. */
function copyOf(bytes: Uint8Array, start: number, end?: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.subarray(start, end))
}

function decodeBody<T>(schema: z.ZodType<T>, bytes: Uint8Array): T {
  if (bytes.length > MAX_BODY_BYTES) throw violation('a body over 64 KiB')
  let value: unknown
  try {
    value = decode(bytes)
  } catch (error) {
    throw violation('a body that is not msgpack', error)
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw violation(z.prettifyError(parsed.error), parsed.error)
  return parsed.data
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}

function violation(detail: string, cause?: unknown): EspalierError {
  return new EspalierError('PROTOCOL_VIOLATION', detail, { cause })
}
