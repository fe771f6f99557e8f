/** Seeded numbers in [0, 1), 32 bits of state: the same seed gives the same model on every machine. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    // Weyl sequence through a 32-bit finalizer: fast, and good enough for weights.
    state = (state + 0x9e3779b9) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32
  }
}
