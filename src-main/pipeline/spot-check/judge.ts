import type { Verdict } from './spot-check'

/** What a check means for one peer. */
export interface Finding {
  readonly peer: string
  /** Failures that it counts as: a doubt that two share is half of one each. */
  readonly weight: number
  /** What its owner is shown. */
  readonly evidence: string
}

/**
 * Who computes otherwise than the others? Two that disagree don't say; a third replica does. Gives nobody when the
 * check agreed.
 * @param second the same check with another replica; null when there is none
 */
export function judge(first: Verdict, second: Verdict | null): Finding[] {
  if (first.agrees) return []
  const given = `token ${first.token} at position ${first.position}`
  const gap = `${first.worstGap.toFixed(2)} logits below the likeliest (at most ${first.tolerance} may be)`
  const { peer, start, end } = first.checked
  const blocks = `blocks ${start}–${end - 1}`
  if (second === null) {
    const evidence = (other: string) =>
      `${blocks} were computed by two nodes, which disagree: ${given} of one is ${gap} for the other; the other is ${other}`
    return [
      { peer, weight: 0.5, evidence: evidence(first.replica) },
      { peer: first.replica, weight: 0.5, evidence: evidence(peer) },
    ]
  }
  if (second.agrees) {
    const evidence = `${blocks}: ${given} is ${gap} for this node; ${peer} and ${second.replica} agree on it`
    return [{ peer: first.replica, weight: 1, evidence }]
  }
  const evidence = `${blocks}: ${given} of this node is ${gap} for ${first.replica}, and ${second.replica} disagrees too`
  return [{ peer, weight: 1, evidence }]
}
