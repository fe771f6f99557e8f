import { say } from '../words'
import type { CommandFacts } from './commands'

/** The first reason of those that hold; null when none does. */
export function firstOf(...reasons: (string | false | null)[]): string | null {
  return reasons.find((reason) => reason !== false && reason !== null) || null
}

/** What every change needs: the node's own words, and a link that may do more than look. */
export function mayNotChange({ node: { isLive, mayOperate } }: CommandFacts): string | null {
  return firstOf(!isLive && say.BLOCKED.noContact, !mayOperate && say.BLOCKED.readOnly)
}
