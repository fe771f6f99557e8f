import type { ServerSpan } from '../hivemind/compute-spans'
import type { Offer } from '../pipeline/routing/route-book'

/** Servers that say to be online, with the time that a token takes through their blocks by their own figures. */
export function offersOf(spans: readonly ServerSpan[]): Offer[] {
  return spans.flatMap(({ peer, start, end, info }): Offer[] =>
    info.state === 'online'
      ? [
          {
            ...{ peer: peer.toString(), start, end, announcedS: (end - start) / (info.inferenceRps || 1) },
            ...{ cacheTokensLeft: info.cacheTokensLeft, pingsS: info.nextPings },
          },
        ]
      : [],
  )
}
