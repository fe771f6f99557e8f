import * as z from 'zod/mini'

/**
 * How the bridge travels over a WebSocket: one JSON text frame per message.
 * Browsers cannot set headers on a WebSocket, so the token is offered as a second subprotocol, `token.<token>`;
 * the server answers only `espalier.v1`. That way it never stands in a URL that something might log.
 */
export const WEB_PROTOCOL = 'espalier.v1'
export const TOKEN_PREFIX = 'token.'
export const WEB_PATH = '/bridge'

/** How often the server says that it is there: a frozen process, or a lost way to it, closes no socket. */
export const BEAT_INTERVAL_MS = 5_000
export const BEAT = JSON.stringify({ beat: true })

/** Close codes: the standard ones, and one of the application range. */
export const CLOSE_CODES = {
  goingAway: 1001,
  notText: 1003,
  notJson: 1007,
  badEnvelope: 1008,
  tooBig: 1009,
  /** A browser cannot read the status of a refused upgrade, so a wrong token is told in a close code. */
  badToken: 4401,
} as const

export const RequestEnvelopeSchema = z.strictObject({
  id: z.int().check(z.minimum(1)),
  method: z.string().check(z.maxLength(64)),
  input: z.unknown(),
})

const ErrorSchema = z.object({ code: z.string(), cause: z.string(), action: z.string() })

/** The first message of a connection says what it may do; then come replies, events and beats, in any order. */
export const ServerEnvelopeSchema = z.union([
  z.object({
    id: z.int(),
    reply: z.discriminatedUnion('ok', [
      z.object({ ok: z.literal(true), value: z.unknown() }),
      z.object({ ok: z.literal(false), error: ErrorSchema }),
    ]),
  }),
  z.object({ event: z.string(), payload: z.unknown() }),
  z.object({ beat: z.literal(true) }),
  z.object({ scopes: z.array(z.enum(['read', 'operate'])) }),
])
export type ServerEnvelope = z.infer<typeof ServerEnvelopeSchema>
