import type { CoordinatorView, TimelineEntry } from '../../src-shared/coordinator-view'
import { closeSentence, formatIn } from '../format'
import { say } from '.'
import { blockWords } from './node'

/** The worker's states, in words; what the coordinator invents stays as it said it. */
export function stateWords(state: string): string {
  return say.COORDINATOR_STATES[state] ?? say.STANDING.unknownState(state)
}

/** Who decided what, and why: "Approved by Ada: blocks 4–7." and the reason behind it. */
export function timelineWords({ kind, by, reason, blocks }: TimelineEntry): { what: string; why: string | null } {
  const title = say.TIMELINE[kind]
  const which = blocks ? `: ${blockWords([blocks])}` : ''
  return {
    what: `${by === '' ? title : say.STANDING.by(title, by)}${which}`,
    why: reason === '' ? null : closeSentence(reason),
  }
}

/** While the coordinator is silent: when it will drop this node, and how exact that is. Null while it answers. */
export function dropWords({ dropAt, sweepSlackMs }: CoordinatorView, now: number): string | null {
  if (dropAt === null) return null
  const slack = `${Math.round(sweepSlackMs / 1_000)}\u00a0s`
  return now < dropAt ? say.STANDING.willDrop(formatIn(dropAt - now), slack) : say.STANDING.dropped(slack)
}
