import type { NodeStatus, Step, StepName } from '../../src-shared/status'

/** Why a node is not healthy, for machines; the words for people stand beside it. */
export type HealthReason =
  | 'stopped'
  | 'starting'
  | 'stopping'
  | 'not_connected'
  | 'not_approved'
  | 'not_loaded'
  | 'connected_not_visible'
  | 'not_serving'

export interface Health {
  /** HTTP status: 200 only while others see the node and reach its blocks, otherwise 503. */
  status: 200 | 503
  body: {
    visible: boolean
    shape: NodeStatus['shape']
    headline: string
    /** `name` is stable; `code` and `cause` are those of the step's blocker, where it has one. */
    reason: {
      name: HealthReason
      step: StepName | null
      state: Step['state'] | null
      code: string | null
      cause: string | null
    } | null
  }
}

const REASONS: Record<StepName, HealthReason> = {
  connect: 'not_connected',
  register: 'not_approved',
  approve: 'not_approved',
  fetch: 'not_loaded',
  load: 'not_loaded',
  prove: 'not_loaded',
  announce: 'connected_not_visible',
  visible: 'connected_not_visible',
  serve: 'not_serving',
}

/**
 * Health as others see it: a process that runs and sockets that are open count for nothing. The first step that is
 * not done names the reason, because the most upstream cause wins.
 */
export function healthOf({ phase, shape, headline, steps }: NodeStatus): Health {
  const unwell = (reason: NonNullable<Health['body']['reason']>): Health => ({
    status: 503,
    body: { visible: false, shape, headline, reason },
  })
  if (phase !== 'running') return unwell({ name: phase, step: null, state: null, code: null, cause: null })
  const open = steps.find(({ state }) => state !== 'done')
  if (!open) return { status: 200, body: { visible: true, shape, headline, reason: null } }
  const { name, state, blocker } = open
  return unwell({
    name: REASONS[name],
    step: name,
    state,
    code: blocker?.code ?? null,
    cause: blocker?.cause ?? null,
  })
}
