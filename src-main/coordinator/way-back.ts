import type { ErrorCode } from '../../src-shared/error-catalogue'
import type { LinkMemory } from './link-memory'
import type { WorkerState } from './worker-state'

// A node that was in a network finds its way back by itself. Whoever answers at the coordinator's address for a moment
// (another project of the same host, a coordinator started wrongly) must neither end that way nor get the node.

type Known = Pick<LinkMemory, 'wasIn' | 'networkId'>

const INVITE_REFUSALS: readonly ErrorCode[] = ['INVITE_EXPIRED', 'INVITE_INVALID', 'INVITE_REVOKED', 'INVITE_USED']
const FINAL_REFUSALS: readonly ErrorCode[] = ['DEMO_CONFINED', 'WORKER_ID_TAKEN', ...INVITE_REFUSALS]

/**
 * Whether the same request would meet this refusal every time, so that a person has to change something. For a node that
 * was in, the next coordinator at the address may be the right one again.
 */
export function isFinalRefusal(code: ErrorCode, { wasIn }: Known): boolean {
  return !wasIn && FINAL_REFUSALS.includes(code)
}

/** An invite that is used up must not keep out whoever it let in: without it, the host is asked. */
export function isInviteSpent(code: ErrorCode, { wasIn }: Known): boolean {
  return wasIn && INVITE_REFUSALS.includes(code)
}

/** Which network the coordinator says it is the coordinator of; null from one that does not say. */
export function networkIdIn(health: Record<string, unknown>): string | null {
  const { x_network_id: id } = health
  return typeof id === 'string' && /^[\w-]{1,200}$/.test(id) ? id : null
}

/** Whether `found` is another network than the one known from this address. */
export function isOtherNetwork(known: Known, found: string | null): boolean {
  return known.networkId !== null && known.networkId !== found
}

/** What a registration that was accepted says: in another network nobody has let us in yet. */
export function registeredIn(known: Known, networkId: string | null): Known {
  return { wasIn: known.wasIn && !isOtherNetwork(known, networkId), networkId }
}

/** Approved, with blocks or without. */
export function isIn({ name }: WorkerState): boolean {
  return name === 'approved_loading' || name === 'online' || name === 'standby'
}
