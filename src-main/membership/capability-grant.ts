import * as z from 'zod'
import { MAX_TOKEN_LENGTH, TOKEN_PREFIX } from './capability-token'

/**
 * What a coordinator gives an approved worker with its answers, as `x_capability`: the worker's own token, and what it
 * needs to check other nodes' tokens.
 */
export const CapabilityGrantSchema = z.object({
  token: z.string().startsWith(TOKEN_PREFIX).max(MAX_TOKEN_LENGTH),
  expires_at_ms: z.int().min(0),
  network_id: z.string().min(1).max(200),
  /** Ed25519 public keys, `x` as in RFC 8037. */
  keys: z
    .array(z.object({ kid: z.string().min(1).max(100), x: z.string().regex(/^[\w-]{43}$/) }))
    .min(1)
    .max(8),
  /** Whether sessions without a token are refused. */
  members_only: z.boolean(),
  revoked: z.array(z.string().max(64)).max(10_000),
})
export type CapabilityGrant = z.output<typeof CapabilityGrantSchema>
