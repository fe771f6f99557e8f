import * as z from 'zod'
import { EspalierError } from '../../src-shared/errors'
import { plainText } from '../coordinator/plain-text'

/** An invite is a link that a person opens or scans; the network's key signed what it says. */
const INVITE_PREFIX = 'espalier://invite?'
export const INVITE_TYPE = 'invite+jwt'
export const MAX_INVITE_LENGTH = 1200

export const InviteClaimsSchema = z.object({
  iss: z.string().min(1).max(200),
  aud: z.string().min(1).max(200),
  jti: z.string().min(8).max(64),
  exp: z
    .int()
    .min(0)
    .max(2 ** 40),
})
export type InviteClaims = z.output<typeof InviteClaimsSchema>

export interface InviteLink {
  coordinatorUrl: string
  /** The signed part, sent as `x_invite` when the node registers. */
  invite: string
  networkId: string
  /** Milliseconds since the Unix epoch. */
  expiresAt: number
}

/** Whether a person pasted something of ours rather than a web address: an invite, or a token taken for one. */
export function isLikeInvite(text: string): boolean {
  return /^\s*(espalier|hntoken):/i.test(text)
}

export function formatInviteLink({ coordinatorUrl, invite }: { coordinatorUrl: string; invite: string }): string {
  return INVITE_PREFIX + new URLSearchParams({ url: coordinatorUrl, invite }).toString()
}

/**
 * Reads a link as a person pasted or scanned it. Its signature is the coordinator's to check: only the coordinator
 * knows whether it was used or taken back. Throws INVITE_INVALID, or INVITE_EXPIRED by `now` (ms).
 */
export function parseInviteLink(text: string, now: number): InviteLink {
  const link = text.trim()
  if (/^hntoken:/i.test(link)) {
    throw new EspalierError('INVITE_INVALID', 'it is a capability token, which a node gets once it is in')
  }
  if (!link.startsWith(INVITE_PREFIX)) throw new EspalierError('INVITE_INVALID', 'it is not an invite link')
  if (link.length > MAX_INVITE_LENGTH) throw new EspalierError('INVITE_INVALID', 'the link is too long')
  const query = new URLSearchParams(link.slice(INVITE_PREFIX.length))
  const coordinatorUrl = query.get('url') ?? ''
  if (!/^https?:\/\//.test(coordinatorUrl) || !URL.canParse(coordinatorUrl)) {
    throw new EspalierError('INVITE_INVALID', `“${plainText(coordinatorUrl, 80)}” is not a coordinator’s address`)
  }
  const invite = query.get('invite') ?? ''
  const claims = InviteClaimsSchema.safeParse(payloadOf(invite))
  if (!claims.success) throw new EspalierError('INVITE_INVALID', 'the link is cut short or damaged')
  const expiresAt = claims.data.exp * 1000
  if (expiresAt <= now) throw new EspalierError('INVITE_EXPIRED')
  return { coordinatorUrl, invite, networkId: claims.data.aud, expiresAt }
}

/** The network that the signed part of a link names; null when it is damaged. */
export function networkIdOf(invite: string): string | null {
  return InviteClaimsSchema.safeParse(payloadOf(invite)).data?.aud ?? null
}

function payloadOf(compact: string): unknown {
  try {
    return JSON.parse(Buffer.from(compact.split('.')[1] ?? '', 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}
