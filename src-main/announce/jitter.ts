import { createHash } from 'node:crypto'

const RANGE = 2 ** 32

/**
 * Numbers in [0, 1) that are this peer's own: computers that were all started by the same script, clock and random
 * seed included, still do not announce in the same moment (O-04).
 */
export function jitterOf(peerId: string): () => number {
  let round = 0
  return () => createHash('sha256').update(`${peerId}/${round++}`).digest().readUInt32BE(0) / RANGE
}
