import type { FastifyRequest } from 'fastify'
import type { Clock } from '../../src-shared/clock'
import type { Approval } from '../approval'
import type { CoordinatorEvents } from '../coordinator-events'
import type { CoordinatorDatabase } from '../database/tables'
import type { Heartbeats } from '../heartbeats'
import type { LoadCommands } from '../load-commands'
import type { NetworkSettingsStore } from '../network-settings'
import type { PeerList } from '../peer-list'
import type { Registration } from '../registration'
import type { Membership } from '../security/membership'
import type { DocumentContext } from '../worker-documents'

/** What route modules are given. Each is a Fastify plugin with this as its one option. */
export interface RouteContext extends DocumentContext {
  clock: Clock
  database: CoordinatorDatabase
  events: CoordinatorEvents
  settings: NetworkSettingsStore
  registration: Registration
  heartbeats: Heartbeats
  approval: Approval
  membership: Membership
  /** Made with the database: coordinators that share one are one network. */
  networkId: string
  peers: PeerList
  /** Null where no peer of ours can speak to workers. */
  loads: Pick<LoadCommands, 'cancel' | 'tell' | 'view'> | null
  /** Throws when the request may not use the host's powers. */
  requireAdmin: (request: FastifyRequest) => void
}

export interface RouteOptions {
  context: RouteContext
}

/** Whether the request may see what only the host sees. */
export function isHost(context: RouteContext, request: FastifyRequest): boolean {
  try {
    context.requireAdmin(request)
    return true
  } catch {
    return false
  }
}

/** What strangers see of an id: whoever knows all of it could speak in that worker's name where workers don't sign. */
export function maskedId(id: string): string {
  return id === '' ? '' : `${id.slice(0, 8)}…`
}
