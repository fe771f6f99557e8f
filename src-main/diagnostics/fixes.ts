import type { BlockerButton } from '../../src-shared/readiness'
import { OWN_BLOCKERS } from './blockers'
import type { Finding } from './check'

/** The button of a check that needs somebody: the one that the same cause has as a blocker of the node. */
export function fixFor({ verdict, code }: Pick<Finding, 'verdict' | 'code'>): BlockerButton | null {
  if (code === null || verdict === 'pass' || verdict === 'unknown') return null
  const button = OWN_BLOCKERS[code]?.button ?? null
  // It would lead to the page that it stands on.
  return button === 'run-diagnosis' ? null : button
}
