import * as z from 'zod/mini'
import { type QrPicture, QrPictureSchema } from '../src-shared/qr-picture'
import type { CoordinatorApi } from './coordinator-api'

const text = (max: number) => z.string().check(z.maxLength(max))

export const InviteSchema = z.object({
  invite_id: text(80),
  label: text(200),
  state: text(40),
  expires_at_ms: z.number(),
  redeemed_by: z.nullable(text(200)),
  /** Shown to the host while it lets somebody in. */
  link: z.nullable(text(4_000)),
})
export type Invite = z.infer<typeof InviteSchema>

export const AccessTokenSchema = z.object({
  jti: text(80),
  worker_id: z.nullable(text(80)),
  expires_at_ms: z.number(),
  revoked_at_ms: z.nullable(z.number()),
})
export type AccessToken = z.infer<typeof AccessTokenSchema>

export interface Membership {
  invites: Invite[]
  tokens: AccessToken[]
}

const InvitesSchema = z.object({ invites: z.array(InviteSchema).check(z.maxLength(10_000)) })
const TokensSchema = z.object({ tokens: z.array(AccessTokenSchema).check(z.maxLength(20_000)) })

/** What lets workers in. Throws ApiError. */
export async function readMembership(api: CoordinatorApi): Promise<Membership> {
  const [invites, tokens] = await Promise.all([api.call('GET', 'invites'), api.call('GET', 'tokens')])
  return { ...InvitesSchema.parse(invites), ...TokensSchema.parse(tokens) }
}

export async function makeInvite(api: CoordinatorApi, label: string, lifetimeMs: number): Promise<Invite> {
  return InviteSchema.parse(await api.call('POST', 'invites', { label, expires_in_s: lifetimeMs / 1000 }))
}

/** Drawn by the page itself, so that no page needs the right to load pictures. Null when it is not the form we know. */
export async function invitePicture(api: CoordinatorApi, inviteId: string): Promise<QrPicture | null> {
  const svg = await api.text(`invites/${encodeURIComponent(inviteId)}/qr.svg`)
  const size = Number(/viewBox="0 0 (\d+) \1"/.exec(svg)?.[1])
  return QrPictureSchema.safeParse({ size, path: /<path stroke="#000000" d="([^"]+)"/.exec(svg)?.[1] }).data ?? null
}
