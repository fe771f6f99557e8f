/**
 * A message whose byte arrays own their memory. Structured clone copies the whole buffer behind a view, so a small
 * view of a large pool would drag the pool along into another process.
 */
export function standalone(message: unknown): unknown {
  if (ArrayBuffer.isView(message)) return ownView(message)
  if (Array.isArray(message)) return message.map(standalone)
  if (typeof message !== 'object' || message === null || Object.getPrototypeOf(message) !== Object.prototype) {
    return message
  }
  return Object.fromEntries(Object.entries(message).map(([key, value]) => [key, standalone(value)]))
}

function ownView(view: ArrayBufferView): ArrayBufferView {
  const { buffer, byteOffset, byteLength } = view
  if (byteLength === buffer.byteLength) return view
  const copy = buffer.slice(byteOffset, byteOffset + byteLength)
  // A Buffer arrives as a plain byte array on the other side in any case.
  if (Buffer.isBuffer(view)) return new Uint8Array(copy)
  const Kind = view.constructor as new (buffer: ArrayBufferLike) => ArrayBufferView
  return new Kind(copy)
}
