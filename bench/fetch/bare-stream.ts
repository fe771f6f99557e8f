import { open } from 'node:fs/promises'
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

/** Counts what comes and keeps nothing. Returns the number of bytes. */
export async function readBareStream(host: Libp2p, peer: PeerId): Promise<number> {
  const stream = await host.dialProtocol(peer, PROTOCOL)
  let sizeBytes = 0
  const end = Promise.withResolvers<void>()
  stream.addEventListener('message', ({ data }) => {
    sizeBytes += data.byteLength
  })
  stream.addEventListener('remoteCloseWrite', () => end.resolve())
  stream.addEventListener('close', () => end.resolve())
  await end.promise
  await stream.close()
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
