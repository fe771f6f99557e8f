import type { PrivateKey, PublicKey } from '@libp2p/interface'
import { decode, encode } from '@msgpack/msgpack'
import * as z from 'zod'
import { EspalierError } from '../../src-shared/errors'
import { isSignedBy } from '../network/signature'

/** A node asks another to look at it from outside; the answer is signed. */
export const WITNESS_PROTOCOL = '/espalier/witness/1'
export const MAX_WITNESS_BYTES = 64 * 1024
export const NONCE_BYTES = 16

const bytes = z.instanceof(Uint8Array)
const peerId = z.string().min(1).max(120)
const cause = z.string().max(600)
/** What a calendar can hold: a time that no date can be made of is no time. */
const epochMs = z.number().min(0).max(8.64e15)
/** Longer than any look takes. */
const MAX_ROUND_TRIP_MS = 600_000

const RequestSchema = z.strictObject({
  v: z.literal(1),
  nonce: bytes.refine((value) => value.length === NONCE_BYTES),
  /** The DHT keys under which the asking node says that it has announced itself. */
  keys: z.array(z.string().min(1).max(300)).min(1).max(256),
  /** In which forms it says to have done so. */
  forms: z
    .array(z.enum(['hivemind', 'kademlia']))
    .min(1)
    .max(2),
})
export type WitnessRequest = z.infer<typeof RequestSchema>

const finding = <T extends z.ZodRawShape>(shape: T) =>
  z.union([z.strictObject({ ok: z.literal(true), ...shape }), z.strictObject({ ok: z.literal(false), cause })])

const VerdictSchema = z.strictObject({
  v: z.literal(1),
  witness: peerId,
  /** The peer that asked, as the connection authenticated it. */
  subject: peerId,
  nonce: bytes,
  /** When the witness looked, ms since the epoch by its clock. A cached verdict keeps its time. */
  at: epochMs,
  /** One entry a form that was asked about. */
  forms: z
    .array(
      z.strictObject({
        form: z.enum(['hivemind', 'kademlia']),
        /** The subject's records, read from a third peer where one exists. */
        records: finding({ readFrom: peerId, found: z.int().min(0), asked: z.int().min(1), expiresAt: epochMs }),
        /** The call about itself that maps make in this form, on the new connection. */
        call: finding({ version: z.string().max(100) }),
      }),
    )
    .min(1)
    .max(2),
  /** A new connection, from a host that had never met the subject, to an address that the network gave. */
  dialBack: finding({
    address: z.string().min(1).max(300),
    roundTripMs: z.number().min(0).max(MAX_ROUND_TRIP_MS),
    addressFrom: peerId,
  }),
  /** What the pipeline protocol answered on that new connection. */
  pipeline: finding({ start: z.int(), end: z.int(), root: z.string().max(100) }),
})
export type Verdict = z.infer<typeof VerdictSchema>
export type FormFindings = Verdict['forms'][number]

const SignedSchema = z.strictObject({ verdict: bytes, signature: bytes })

export function encodeRequest(request: WitnessRequest): Uint8Array {
  return encode(request)
}

export function decodeRequest(data: Uint8Array): WitnessRequest {
  return parse(RequestSchema, data)
}

export async function signVerdict(verdict: Verdict, key: PrivateKey): Promise<Uint8Array> {
  const payload = encode(verdict)
  return encode({ verdict: payload, signature: await key.sign(payload) })
}

/** Checks the signature against the witness's own key, then the content. Throws PROTOCOL_VIOLATION. */
export async function openVerdict(data: Uint8Array, witnessKey: PublicKey): Promise<Verdict> {
  const { verdict, signature } = parse(SignedSchema, data)
  if (!(await isSignedBy(witnessKey, verdict, signature)))
    throw new EspalierError('PROTOCOL_VIOLATION', 'a verdict with a wrong signature')
  return parse(VerdictSchema, verdict)
}

function parse<T>(schema: z.ZodType<T>, data: Uint8Array): T {
  if (data.length > MAX_WITNESS_BYTES) throw new EspalierError('PROTOCOL_VIOLATION', 'a message over 64 KiB')
  let value: unknown
  try {
    value = decode(data)
  } catch (error) {
    throw new EspalierError('PROTOCOL_VIOLATION', 'not msgpack', { cause: error })
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new EspalierError('PROTOCOL_VIOLATION', z.prettifyError(parsed.error))
  return parsed.data
}
