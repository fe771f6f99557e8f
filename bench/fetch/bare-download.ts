import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'

/** The whole file, streamed to disk as Node does it, and on the disk when this returns. */
export async function bareDownload(url: string, path: string): Promise<void> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => get(url, resolve).on('error', reject))
  await pipeline(response, createWriteStream(path, { highWaterMark: 2 ** 20 }))
  const file = await open(path, 'r+')
  await file.datasync()
  await file.close()
}
