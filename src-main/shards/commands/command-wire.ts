import type { PrivateKey, PublicKey } from '@libp2p/interface'
import { decode, encode } from '@msgpack/msgpack'
import * as z from 'zod'
import { ERROR_CODES } from '../../../src-shared/error-catalogue'
import { EspalierError } from '../../../src-shared/errors'
import { LOAD_LEVELS } from '../../../src-shared/status'
import { isSignedBy } from '../../network/signature'

/** Commands about shards between coordinator, owner and peers: one signed command, one signed reply. */
export const COMMAND_PROTOCOL = '/espalier/shard-command/1'
export const MAX_COMMAND_BYTES = 64 * 1024

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected bytes')
const peerId = z.string().min(1).max(120)
const shard = {
  /** The manifest's Merkle root, which names the model. */
  root: z.string().regex(/^[0-9a-f]{64}$/),
  start: z.int().min(0).max(65_535),
  /** Half-open. */
  end: z.int().min(1).max(65_536),
}

const CommandSchema = z.discriminatedUnion('type', [
  /** From the coordinator's peers or the owner: get these blocks, load them, prove them. */
  z.strictObject({ type: z.literal('LOAD_SHARD'), ...shard }),
  /** Ends the work of an earlier LOAD_SHARD of the same sender. */
  z.strictObject({ type: z.literal('CANCEL'), request: z.uuid() }),
  /** A peer says that its blocks are proven, or are so no longer. A hint: the receiver verifies it. */
  z.strictObject({ type: z.literal('SHARD_LOADED'), ...shard, isLoaded: z.boolean(), level: z.enum(LOAD_LEVELS) }),
  /** Asks for what the blocks give for the manifest's probe prompt. */
  z.strictObject({ type: z.literal('PROVE_SHARD'), ...shard }),
  /** Asks which peers the receiver takes for loaded. */
  z.strictObject({ type: z.literal('ASK_VIEW'), root: shard.root }),
  /** Asks what the receiver can give right now. */
  z.strictObject({ type: z.literal('ASK_CAPABILITIES'), root: shard.root }),
])
export type ShardCommand = z.infer<typeof CommandSchema>
export type ShardCommandType = ShardCommand['type']

const envelope = {
  v: z.literal(1),
  id: z.uuid(),
  from: peerId,
  to: peerId,
  /** When it was made, ms since the epoch by the sender's clock. */
  at: z.number(),
}
const RequestSchema = z.strictObject({ ...envelope, command: CommandSchema })
export type ShardRequest = z.infer<typeof RequestSchema>

/** What a node can give right now, measured when it is asked (S-33). */
const CapabilitiesSchema = z.strictObject({
  status: z.literal('capabilities'),
  level: z.enum(LOAD_LEVELS),
  start: shard.start,
  end: shard.end,
  quant: z.string().max(40),
  freeMemoryBytes: z.number().min(0),
  /** Of the graphics cards in use, after the load; null where none is. */
  freeCardBytes: z.number().min(0).nullable(),
  /** Sessions that it takes at once, and those under way. */
  maxConcurrent: z.int().min(0),
  active: z.int().min(0),
})
export type Capabilities = Omit<z.infer<typeof CapabilitiesSchema>, 'status'>

const ReplyBodySchema = z.discriminatedUnion('status', [
  z.strictObject({ status: z.literal('already_loaded') }),
  z.strictObject({ status: z.literal('loading') }),
  /** `info_hash` is the manifest's root: bytes are named by content, never by a file's name. */
  z.strictObject({
    status: z.literal('downloading'),
    info_hash: shard.root,
    done: z.number().min(0),
    total: z.number().min(0),
  }),
  z.strictObject({ status: z.literal('loaded') }),
  /** Taken note of, for commands that ask for nothing. */
  z.strictObject({ status: z.literal('accepted') }),
  /** The residual stream's last row in half precision, or the sampled logits in single precision, little-endian. */
  z.strictObject({ status: z.literal('proof'), values: bytes, computeMs: z.number().min(0) }),
  z.strictObject({
    status: z.literal('view'),
    loaded: z.array(z.strictObject({ peer: peerId, start: shard.start, end: shard.end })).max(256),
  }),
  CapabilitiesSchema,
  z.strictObject({ status: z.literal('error'), code: z.enum(ERROR_CODES), cause: z.string().max(600) }),
])
export type ShardReplyBody = z.infer<typeof ReplyBodySchema>

const ReplySchema = z.strictObject({ ...envelope, reply: ReplyBodySchema })
export type ShardReply = z.infer<typeof ReplySchema>

const SignedSchema = z.strictObject({ payload: bytes, signature: bytes })
/** What is signed begins with this, so that a signature of another protocol's bytes is none of ours. */
const CONTEXT = new TextEncoder().encode('espalier shard command 1\n')

export async function signMessage(message: ShardRequest | ShardReply, key: PrivateKey): Promise<Uint8Array> {
  const payload = encode(message)
  return encode({ payload, signature: await key.sign(inContext(payload)) })
}

/** Opens a request of the peer with this key. Throws PROTOCOL_VIOLATION, COMMAND_FORGED. */
export function openRequest(data: Uint8Array, key: PublicKey): Promise<ShardRequest> {
  return open(RequestSchema, data, key)
}

/** Opens a reply of the peer with this key. Throws PROTOCOL_VIOLATION, COMMAND_FORGED. */
export function openReply(data: Uint8Array, key: PublicKey): Promise<ShardReply> {
  return open(ReplySchema, data, key)
}

async function open<T>(schema: z.ZodType<T>, data: Uint8Array, key: PublicKey): Promise<T> {
  const { payload, signature } = parse(SignedSchema, data)
  if (!(await isSignedBy(key, inContext(payload), signature)))
    throw new EspalierError('COMMAND_FORGED', 'a wrong signature')
  return parse(schema, payload)
}

function inContext(payload: Uint8Array): Uint8Array {
  const whole = new Uint8Array(CONTEXT.length + payload.length)
  whole.set(CONTEXT)
  whole.set(payload, CONTEXT.length)
  return whole
}

function parse<T>(schema: z.ZodType<T>, data: Uint8Array): T {
  if (data.length > MAX_COMMAND_BYTES) throw new EspalierError('PROTOCOL_VIOLATION', 'a command over 64 KiB')
  let value: unknown
  try {
    value = decode(data)
  } catch (error) {
    throw new EspalierError('PROTOCOL_VIOLATION', 'not msgpack', { cause: error })
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new EspalierError('PROTOCOL_VIOLATION', z.prettifyError(parsed.error).slice(0, 300))
  return parsed.data
}
