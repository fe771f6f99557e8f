import { readSync, writeSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'

/**
 * Messages between two of our processes on a plain pipe: u32 length, u32 kind, and the message, filled up to 4 bytes,
 * so that typed arrays within one are aligned. In the byte order of the machine: both ends are on it. Bytes go as they
 * are, anything else by structured clone. Against Node's own channel this saves most of a message's cost, because its
 * reader may wait for it in one system call.
 */
const HEADER_BYTES = 8
const ALIGNMENT = 4
const KIND_CLONED = 0
const KIND_BYTES = 1
/** Logits and hidden states of the largest batches are some hundred megabytes. */
const MAX_MESSAGE_BYTES = 2 ** 31
const FIRST_BUFFER_BYTES = 64 * 1024

export function encodeMessage(message: unknown): Uint8Array {
  const isBytes = message instanceof Uint8Array
  const body = isBytes ? message : serialize(message)
  const whole = Buffer.allocUnsafe(HEADER_BYTES + padded(body.length))
  whole.writeUInt32LE(body.length, 0)
  whole.writeUInt32LE(isBytes ? KIND_BYTES : KIND_CLONED, 4)
  whole.set(body, HEADER_BYTES)
  return whole
}

/** Takes chunks as they come from the pipe and gives whole messages. Throws where they can't be messages. */
export function messageReader(onMessage: (message: unknown) => void): (chunk: Buffer) => void {
  let chunks: Buffer[] = []
  let haveBytes = 0
  let needBytes = HEADER_BYTES
  return (chunk) => {
    chunks.push(chunk)
    haveBytes += chunk.length
    // Joined only when it helps: a large message comes in thousands of chunks.
    if (haveBytes < needBytes) return
    const bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks, haveBytes)
    let at = 0
    for (;;) {
      needBytes = HEADER_BYTES
      if (bytes.length - at < HEADER_BYTES) break
      const lengthBytes = lengthAt(bytes, at)
      needBytes = HEADER_BYTES + padded(lengthBytes)
      if (bytes.length - at < needBytes) break
      const body = bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + lengthBytes)
      const isBytes = bytes.readUInt32LE(at + 4) === KIND_BYTES
      at += needBytes
      onMessage(isBytes ? body : deserialize(body))
    }
    haveBytes = bytes.length - at
    chunks = haveBytes > 0 ? [bytes.subarray(at)] : []
  }
}

/**
 * The same for a process that has nothing else to do: `next` sleeps in the read itself until a message is there, and
 * gives null when the other end has gone. Bytes are valid until the following call.
 */
export function blockingMessages(fd: number): { next(): { message: unknown } | null; send(message: unknown): void } {
  let buffer = Buffer.alloc(FIRST_BUFFER_BYTES)
  let start = 0
  let end = 0

  function fill(neededBytes: number): boolean {
    if (start === end) {
      start = 0
      end = 0
    }
    if (start + neededBytes > buffer.length) {
      const larger = neededBytes > buffer.length ? Buffer.alloc(neededBytes) : buffer
      buffer.copy(larger, 0, start, end)
      buffer = larger
      end -= start
      start = 0
    }
    while (end - start < neededBytes) {
      const read = readSync(fd, buffer, end, buffer.length - end, null)
      if (read === 0) return false
      end += read
    }
    return true
  }

  return {
    next() {
      if (end - start < HEADER_BYTES && !fill(HEADER_BYTES)) return null
      const lengthBytes = lengthAt(buffer, start)
      const wholeBytes = HEADER_BYTES + padded(lengthBytes)
      if (end - start < wholeBytes && !fill(wholeBytes)) return null
      const body = buffer.subarray(start + HEADER_BYTES, start + HEADER_BYTES + lengthBytes)
      const isBytes = buffer.readUInt32LE(start + 4) === KIND_BYTES
      start += wholeBytes
      // A clone's arrays would be views of this buffer, and its taker may keep them.
      return { message: isBytes ? body : deserialize(Buffer.from(body)) }
    },
    send(message) {
      const whole = encodeMessage(message)
      for (let at = 0; at < whole.length; ) at += writeSync(fd, whole, at, whole.length - at)
    },
  }
}

function lengthAt(bytes: Buffer, at: number): number {
  const lengthBytes = bytes.readUInt32LE(at)
  if (lengthBytes > MAX_MESSAGE_BYTES) throw new Error(`a message of ${lengthBytes} bytes`)
  return lengthBytes
}

function padded(lengthBytes: number): number {
  return Math.ceil(lengthBytes / ALIGNMENT) * ALIGNMENT
}
