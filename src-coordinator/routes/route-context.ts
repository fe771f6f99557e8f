import type { FastifyRequest } from 'fastify'
import type { Approval } from '../approval'
import type { CoordinatorEvents } from '../coordinator-events'
import type { CoordinatorDatabase } from '../database/tables'
import type { Roster } from '../roster'
import type { DocumentContext } from '../worker-documents'

/** What route modules are given. Each is a Fastify plugin with this as its one option. */
export interface RouteContext extends DocumentContext {
  database: CoordinatorDatabase
  events: CoordinatorEvents
  roster: Roster
  approval: Approval
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
