import type { ServerSpan } from '../hivemind/compute-spans'
import type { Candidate } from '../pipeline/route'

/** A hop costs about as much as a millisecond of computing; costs are seconds per token. */
export const HOP_COST_S = 0.001

/** Servers that say to be online, with the time that a token takes through their blocks by their own figures. */
export function candidatesOf(spans: readonly ServerSpan[]): Candidate[] {
  return spans.flatMap(({ peer, start, end, info }) =>
    info.state === 'online'
      ? [{ peer: peer.toString(), start, end, cost: (end - start) / (info.inferenceRps || 1) }]
      : [],
  )
}
