import type { PeerId } from '@libp2p/interface'
import { EspalierError } from '../../src-shared/errors'
import type { VisibilityVerdict } from './visibility'
import type { WitnessAnswer } from './witness-client'

/** Whether the network's bootstrap peers are all there is: no walk, record or routing table names anybody else. */
export function isAlone(self: PeerId, bootstraps: readonly PeerId[], others: readonly PeerId[]): boolean {
  const known = new Set([self, ...bootstraps].map(String))
  return others.every((peer) => known.has(String(peer)))
}

/**
 * What is so of a network's first node: too few are there to confirm anything, and nothing is wrong. Where somebody did
 * meet the node and found fault with it, that stays the verdict.
 */
export function asFirstNode(verdict: VisibilityVerdict, answers: readonly WitnessAnswer[]): VisibilityVerdict {
  const isFaulty = answers.some(
    ({ verdict: seen }) => seen !== null && !(seen.dialBack.ok && seen.forms.every(({ call }) => call.ok)),
  )
  return verdict.visible || isFaulty ? verdict : { ...verdict, blocker: new EspalierError('ALONE').report() }
}
