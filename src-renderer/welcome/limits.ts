export const GB = 1_000_000_000

/** What can be offered in whole gigabytes: at least one, so that a small computer has a slider that stands still. */
export function wholeGb(bytes: number): number {
  return bytes <= 0 ? 0 : Math.max(1, Math.floor(bytes / GB))
}

const STOPS = [1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000]

/** Limits worth choosing on a disk with so much room, GB; after the last one there is none. */
export function diskStops(roomBytes: number): number[] {
  return STOPS.filter((gb) => gb * GB < roomBytes)
}

export interface Fetching {
  /** Blocks whose weights would fill what is offered, at most all of them. */
  blocks: number
  bytes: number
  /** The disk, or the limit on it, has no room for them. */
  isTooMuch: boolean
}

/**
 * The most that a host could give this computer to fetch, by the weight of the model's largest block alone: what the
 * conversations need beside it makes it fewer. Null where the coordinator does not say what a block weighs.
 */
export function mostToFetch(options: {
  blockBytes: number | null
  blockCount: number
  budgetBytes: number
  requestedBlocks: number | null
  roomBytes: number
}): Fetching | null {
  const { blockBytes, blockCount, budgetBytes, requestedBlocks, roomBytes } = options
  if (blockBytes === null || blockBytes <= 0 || blockCount <= 0) return null
  const blocks = Math.min(blockCount, requestedBlocks ?? blockCount, Math.floor(budgetBytes / blockBytes))
  const bytes = blocks * blockBytes
  return { blocks, bytes, isTooMuch: bytes > roomBytes }
}
