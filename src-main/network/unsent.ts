import type { Stream } from '@libp2p/interface'

/** What may wait until the other side reads, before another message is added. */
export interface UnsentLimits {
  readonly bytes: number
  readonly messages: number
}

export const NO_LIMITS: UnsentLimits = { bytes: Number.POSITIVE_INFINITY, messages: Number.POSITIVE_INFINITY }

/** How many messages what waits in a stream is of. */
export function countUnsent(stream: Pick<Stream, 'writeBufferLength'>) {
  /** Of the messages of which something may wait, oldest first. */
  const sizes: number[] = []
  let totalBytes = 0
  return {
    get messages() {
      return sizes.length
    },
    /** Forgets what has gone. */
    look(): void {
      for (let oldest = sizes[0]; oldest !== undefined; oldest = sizes[0]) {
        if (totalBytes - oldest < stream.writeBufferLength) return
        totalBytes -= oldest
        sizes.shift()
      }
    },
    add(sizeBytes: number): void {
      if (stream.writeBufferLength === 0) return
      sizes.push(sizeBytes)
      totalBytes += sizeBytes
    },
  }
}
