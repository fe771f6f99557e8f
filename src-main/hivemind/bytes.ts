/** One plain array of all parts, in order. (Node's own concatenation returns a Buffer on shared memory.) */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

/**
 * The same memory as a plain array. What the network gives us is often a Buffer, and a Buffer's `slice` does not
 * copy: what we think we kept would be overwritten, or keep a whole frame alive.
 */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
