import { join } from 'node:path'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isLoopbackHost, normaliseCoordinatorUrl } from '../../src-main/coordinator/coordinator-url'
import type { Clock } from '../../src-shared/clock'
import type { Approval } from '../approval'
import type { CoordinatorQueries } from '../database/tables'
import { isTurnedAway, lastJudgement } from '../decisions'
import { findWorker } from '../roster-entries'
import { type AdminAccess, openAdminAccess } from './admin-token'
import { createCapabilityIssuer } from './capability-issuer'
import { requireLoopbackHost } from './http-guards'
import { createInvites } from './invites'
import { openIssuer } from './issuer'
import { createMembership, type Membership } from './membership'
import { membershipRoutes } from './membership-routes'
import { createNonceMemory } from './nonce-memory'
import { DEFAULT_RATE_LIMITS, limitRates, type RateLimits } from './rate-limits'
import { addSignedRequests } from './signed-requests'
import { createSignedWorkers } from './signed-workers'
import { allowOrigins, readTransport, type TlsMaterial, type TransportOptions } from './transport'

export interface SecurityOptions extends TransportOptions {
  /** Programs that know only the documented fields may register; ours sign in any case. */
  allowUnsigned?: boolean | undefined
  /** Nodes refuse sessions of whoever has no capability token. */
  membersOnly?: boolean | undefined
  corsOrigins?: readonly string[] | undefined
  /** Base URL under which workers reach us, for invites and signatures. Needed where a proxy stands in between. */
  publicUrl?: string | undefined
  /** Null counts nothing (benches). */
  rateLimits?: RateLimits | null | undefined
  /** Makes a new admin token; the old one is void. */
  resetAdminToken?: boolean | undefined
}

export interface Security {
  readonly admin: AdminAccess
  readonly membership: Membership
  readonly networkId: string
  /** The host's rejection takes tokens and invite with it. */
  guardApproval(approval: Approval): Approval
  /** Hooks first, then the routes of membership. Call before any other route is added. */
  protect(app: FastifyInstance): Promise<void>
  sweep(): Promise<void>
}

/** Checked before anything is opened. Throws what `readTransport` throws, and BAD_ARGUMENT for a public URL that is none. */
export function openTransport(host: string, options: SecurityOptions): Promise<TlsMaterial | null> {
  normalisedUrl(options.publicUrl)
  return readTransport(host, options)
}

/** Everything that stands between a request and a route, composed in one place. */
export async function openSecurity(parts: {
  db: CoordinatorQueries
  clock: Clock
  directory: string
  host: string
  scheme: 'http' | 'https'
  adminToken: string | undefined
  modelNames: readonly string[]
  approval: Approval
  options: SecurityOptions
}): Promise<Security> {
  const { db, clock, host, options } = parts
  const admin = await openAdminAccess(db, {
    given: parts.adminToken,
    reset: options.resetAdminToken,
    legacyFile: join(parts.directory, 'admin-token'),
  })
  const issuer = await openIssuer(db, clock.now())
  const membersOnly = options.membersOnly ?? false
  const capabilities = createCapabilityIssuer({ db, issuer, clock, models: parts.modelNames, membersOnly })
  const invites = createInvites({ db, issuer, clock })
  const signedWorkers = createSignedWorkers(db, clock)
  const nonces = createNonceMemory(db, clock)
  const membership = createMembership({
    ...{ invites, capabilities, signedWorkers, approve: parts.approval.approve },
    standingOf: async (workerId) => ({
      isApproved: (await findWorker(db, workerId))?.standing === 'approved',
      isTurnedAway: isTurnedAway(await lastJudgement(db, workerId)),
    }),
  })
  const publicUrl = normalisedUrl(options.publicUrl)
  const limits = options.rateLimits === undefined ? DEFAULT_RATE_LIMITS : options.rateLimits

  return {
    admin,
    membership,
    networkId: issuer.networkId,
    guardApproval: (approval) => ({
      ...approval,
      async reject(workerId, reason, decidedBy) {
        const entry = await approval.reject(workerId, reason, decidedBy)
        await membership.dismiss(workerId, 'the host')
        return entry
      },
    }),
    async protect(app) {
      if (isLoopbackHost(host)) requireLoopbackHost(app)
      await allowOrigins(app, options.corsOrigins ?? [])
      const countWorker = limits ? await limitRates(app, limits) : async () => undefined
      addSignedRequests(app, {
        clock,
        nonces,
        signedWorkers,
        countWorker,
        allowUnsigned: options.allowUnsigned ?? false,
        publicUrls: publicUrl === null ? [] : [publicUrl],
        isAdmin: (request) => isAdmin(admin, request),
      })
      await app.register(membershipRoutes, {
        clock,
        issuer,
        capabilities,
        invites,
        membersOnly,
        async revokeApproval(workerId) {
          await parts.approval.revoke(workerId, 'the host')
          await membership.dismiss(workerId, 'the host')
        },
        coordinatorUrl: (request) => publicUrl ?? `${parts.scheme}://${request.host}`,
        requireAdmin: admin.requireAdmin,
      })
    },
    async sweep() {
      for (const part of [capabilities, invites, signedWorkers, nonces]) await part.sweep()
    },
  }
}

function isAdmin(admin: AdminAccess, request: FastifyRequest): boolean {
  try {
    admin.requireAdmin(request)
    return true
  } catch {
    return false
  }
}

/** As workers write it when they sign. */
function normalisedUrl(publicUrl: string | undefined): string | null {
  if (publicUrl === undefined) return null
  return normaliseCoordinatorUrl(publicUrl, { allowInsecure: true })
}
