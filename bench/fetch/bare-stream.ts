import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import type { Libp2p, PeerId, Stream } from '@libp2p/interface'

const PROTOCOL = '/espalier/bench/bytes/1'
const CHUNK_BYTES = 64 * 1024
const READ_BYTES = 4 * 2 ** 20

/** Sends the whole file on every stream that is opened: no framing, no hashing, no limits. */
export async function serveBareStream(host: Libp2p, path: string): Promise<void> {
  await host.handle(PROTOCOL, async (stream) => {
    const file = await open(path, 'r')
    try {
      for (let at = 0; ; at += READ_BYTES) {
        const bytes = new Uint8Array(READ_BYTES)
        const { bytesRead } = await file.read(bytes, 0, READ_BYTES, at)
        if (bytesRead === 0) break
        for (let done = 0; done < bytesRead; done += CHUNK_BYTES) {
          if (!stream.send(bytes.subarray(done, Math.min(bytesRead, done + CHUNK_BYTES)))) await drained(stream)
        }
      }
      await stream.close()
    } finally {
      await file.close()
    }
  })
}

/**
 * Streams what comes to disk as Node does it, and has it on the disk when this returns: what any receiver has to do.
 * Returns the number of bytes.
 */
export async function readBareStream(host: Libp2p, peer: PeerId, path: string): Promise<number> {
  const stream = await host.dialProtocol(peer, PROTOCOL)
  const out = createWriteStream(path, { highWaterMark: 2 ** 20 })
  // Not within the event: a pause from there loses what libp2p hands on in the same turn.
  const pauseIfFull = () => {
    if (out.writableNeedDrain && stream.readStatus === 'readable') stream.pause()
  }
  let sizeBytes = 0
  stream.addEventListener('message', ({ data }) => {
    sizeBytes += data.byteLength
    for (const part of data instanceof Uint8Array ? [data] : data) out.write(part)
    if (out.writableNeedDrain) queueMicrotask(pauseIfFull)
  })
  out.on('drain', () => {
    if (stream.readStatus === 'paused') stream.resume()
  })
  stream.addEventListener('end', () => out.end(), { once: true })
  await finished(out)
  await stream.close()
  const file = await open(path, 'r+')
  await file.datasync()
  await file.close()
  return sizeBytes
}

function drained(stream: Stream): Promise<void> {
  return new Promise((resolve, reject) => {
    const onClose = () => reject(new Error('the stream closed'))
    const onDrain = () => {
      stream.removeEventListener('close', onClose)
      resolve()
    }
    stream.addEventListener('drain', onDrain, { once: true })
    stream.addEventListener('close', onClose, { once: true })
  })
}
