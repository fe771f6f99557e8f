import type { FetchView } from '../../src-shared/status'
import type { FetchProgress } from '../shards/fetch/types'

/** More are known than people read. */
const MAX_SOURCES_SHOWN = 32

/** A fetch as a page shows it: whoever gave most comes first, with the last word about what went wrong. */
export function fetchViewOf({ sources, blocker: _, receivedBytes: __, ...fetch }: FetchProgress): FetchView {
  return {
    ...fetch,
    sources: sources
      .toSorted((a, b) => b.receivedBytes - a.receivedBytes)
      .slice(0, MAX_SOURCES_SHOWN)
      .map(({ label, kind, state, receivedBytes, bytesPerSecond, failures, lastFailure }) => ({
        label: label.slice(0, 200),
        kind,
        state,
        receivedBytes,
        bytesPerSecond,
        failures,
        trouble: lastFailure?.cause.slice(0, 300) ?? null,
      })),
  }
}
