/** Piece buffers, all made once: what a fetch holds in memory is known before it begins. */
export interface BufferPool {
  readonly count: number
  /** At once when one is free; otherwise in turn. */
  acquire(): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>
  release(buffer: Uint8Array<ArrayBuffer>): void
}

export function createBufferPool(count: number, sizeBytes: number): BufferPool {
  let made = 0
  const free: Uint8Array<ArrayBuffer>[] = []
  const waiting: ((buffer: Uint8Array<ArrayBuffer>) => void)[] = []
  return {
    count,
    acquire() {
      const buffer = free.pop()
      if (buffer !== undefined) return buffer
      if (made < count) {
        made++
        return new Uint8Array(sizeBytes)
      }
      return new Promise((resolve) => waiting.push(resolve))
    },
    release(buffer) {
      const next = waiting.shift()
      if (next) next(buffer)
      else free.push(buffer)
    },
  }
}
