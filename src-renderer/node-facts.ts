import type { NetworkChoice } from '../src-shared/settings'
import { LOAD_LEVELS, type LoadLevel, type NodeStatus, type Step } from '../src-shared/status'

/** Whether our blocks passed their test, so that the network may count them. */
export function isProved(status: NodeStatus): boolean {
  return hasReached(status.loadLevel, 'L6')
}

export function hasReached(level: LoadLevel, wanted: LoadLevel): boolean {
  return LOAD_LEVELS.indexOf(level) >= LOAD_LEVELS.indexOf(wanted)
}

/** The step that somebody else decides, while it is not decided for us; null when there is nothing to wait for. */
export function undecided(status: NodeStatus): Step | null {
  const approve = status.steps.find(({ name }) => name === 'approve')
  if (!approve || status.phase === 'stopped') return null
  const isRejected = approve.blocker?.code === 'REGISTRATION_REJECTED'
  return approve.state === 'waiting' || isRejected ? approve : null
}

/** Where the coordinator of the chosen network shows it to people; null for a demo, and for anything but a web address. */
export function dashboardOf(network: NetworkChoice | null): string | null {
  if (network?.kind !== 'coordinator' || !/^https?:\/\//.test(network.url)) return null
  return `${network.url.replace(/\/+$/, '')}/dashboard`
}
