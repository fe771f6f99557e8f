import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import QRCode from 'qrcode'
import { z } from 'zod'
import { plainText } from '../../src-main/coordinator/plain-text'
import { MAX_INVITE_LENGTH } from '../../src-main/membership/invite'
import { createUseCounter } from '../../src-main/membership/use-counter'
import { refusalDocument, verifyToken } from '../../src-main/membership/verify'
import type { Clock } from '../../src-shared/clock'
import type { CapabilityIssuer } from './capability-issuer'
import { validated } from './http-guards'
import type { Invites } from './invites'
import type { Issuer } from './issuer'
import type { CapabilityTokenRow, InviteRow } from './security-tables'

export interface MembershipRouteOptions {
  clock: Clock
  issuer: Issuer
  capabilities: CapabilityIssuer
  invites: Invites
  membersOnly: boolean
  /** Ends a worker's approval, and with it its tokens and the invite that it came with. */
  revokeApproval(workerId: string): Promise<void>
  /** The address that invites lead to, as seen from where `request` came from. */
  coordinatorUrl(request: FastifyRequest): string
  requireAdmin(request: FastifyRequest): void
}

const HOUR_S = 3_600
const id = z.string().regex(/^[\w-]{8,64}$/)
const InviteBody = z
  .object({
    label: z
      .string()
      .max(2_000)
      .transform((text) => plainText(text, 80))
      .default(''),
    expires_in_s: z
      .int()
      .min(60)
      .max(365 * 24 * HOUR_S)
      .default(24 * HOUR_S),
  })
  .nullish()
  .transform((body) => body ?? { label: '', expires_in_s: 24 * HOUR_S })
const InviteParams = z.object({ invite_id: id })
const InviteCheckBody = z.object({ invite: z.string().min(1).max(MAX_INVITE_LENGTH) })
const TokenParams = z.object({ jti: id })
const CheckBody = z.object({
  token: z.string().max(8_192),
  subject: z.string().min(1).max(200),
  model: z.string().min(1).max(400),
})

/** Invites and capability tokens: the host's lists, and what anybody may know to check a token. */
export const membershipRoutes: FastifyPluginAsync<MembershipRouteOptions> = async (app, options) => {
  const { capabilities, clock, invites, issuer, requireAdmin } = options
  const uses = createUseCounter(clock)

  const inviteDocument = async (row: InviteRow, request: FastifyRequest) => {
    const state = inviteState(row, clock.now())
    // The link lets in whoever has it, so it is shown as long as it does, and only to the host.
    const link = state === 'open' ? await invites.linkOf(row, options.coordinatorUrl(request)) : null
    return {
      invite_id: row.invite_id,
      label: row.label,
      state,
      created_at_ms: row.created_at,
      expires_at_ms: row.expires_at,
      redeemed_by: row.redeemed_by,
      redeemed_at_ms: row.redeemed_at,
      link,
      qr_path: link === null ? null : `/invites/${row.invite_id}/qr.svg`,
    }
  }

  app.post('/invites', async (request, reply) => {
    requireAdmin(request)
    const { label, expires_in_s } = validated(InviteBody, request.body)
    const row = await invites.make({ label, lifetimeMs: expires_in_s * 1000 })
    reply.code(201)
    return inviteDocument(row, request)
  })
  app.get('/invites', async (request) => {
    requireAdmin(request)
    return { invites: await Promise.all((await invites.list()).map((row) => inviteDocument(row, request))) }
  })
  // For whoever holds one and has not used it: says nothing but whether it is good, and uses nothing up.
  app.post('/invites/check', async (request) => {
    const { expires_at } = await invites.check(validated(InviteCheckBody, request.body).invite, null)
    return { ok: true, expires_at_ms: expires_at }
  })
  app.delete('/invites/:invite_id', async (request) => {
    requireAdmin(request)
    return inviteDocument(await invites.revoke(validated(InviteParams, request.params).invite_id), request)
  })
  app.get('/invites/:invite_id/qr.svg', async (request, reply) => {
    requireAdmin(request)
    const row = await invites.find(validated(InviteParams, request.params).invite_id)
    invites.requireOpen(row)
    const link = await invites.linkOf(row, options.coordinatorUrl(request))
    const svg = await QRCode.toString(link, { type: 'svg', errorCorrectionLevel: 'M', margin: 4 })
    return reply.type('image/svg+xml').header('cache-control', 'no-store').send(svg)
  })

  app.get('/tokens', async (request) => {
    requireAdmin(request)
    return { tokens: (await capabilities.list()).map(tokenDocument) }
  })
  app.delete('/tokens/:jti', async (request) => {
    requireAdmin(request)
    const { jti } = validated(TokenParams, request.params)
    const { worker_id: workerId, isInForce } = await capabilities.revoke(jti)
    // Otherwise the next heartbeat would bring a new one.
    if (isInForce) await options.revokeApproval(workerId)
    return { jti, status: 'revoked' }
  })
  app.get('/tokens/keys', async () => ({
    network_id: issuer.networkId,
    members_only: options.membersOnly,
    keys: [...issuer.keys].map(([kid, jwk]) => ({ ...jwk, kid, alg: 'EdDSA', use: 'sig' })),
  }))
  // For programs that serve blocks and do not check signatures themselves.
  app.post('/tokens/check', async (request, reply) => {
    const { token, subject, model } = validated(CheckBody, request.body)
    const authority = await capabilities.authority()
    const verdict = await verifyToken(token, { subject, needs: { action: 'ask', model } }, { authority, uses, clock })
    if (verdict.ok) return { ok: true, scope: verdict.claims.scope, expires_at_ms: verdict.claims.exp * 1000 }
    reply.code(403)
    return refusalDocument(verdict.refusal)
  })
}

function inviteState(row: InviteRow, now: number): 'open' | 'used' | 'revoked' | 'expired' {
  if (row.revoked_at !== null) return 'revoked'
  if (row.redeemed_by !== null) return 'used'
  return row.expires_at <= now ? 'expired' : 'open'
}

function tokenDocument(row: CapabilityTokenRow) {
  return {
    jti: row.jti,
    worker_id: row.worker_id,
    subject: row.peer_id,
    scope: row.scope,
    issued_at_ms: row.issued_at,
    expires_at_ms: row.expires_at,
    max_uses: row.max_uses,
    revoked_at_ms: row.revoked_at,
  }
}
