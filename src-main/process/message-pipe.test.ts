import { closeSync, openSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { blockingMessages, encodeMessage, messageReader } from './message-pipe'

const releases: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release()
})

const MESSAGES = [
  Uint8Array.of(1, 2, 3),
  { id: 7, rows: new Float32Array([0.5, -1]), text: 'ä' },
  new Uint8Array(),
  new Uint8Array(200_000).fill(9),
  null,
]

function plain(message: unknown): unknown {
  return message instanceof Uint8Array ? [...message] : message
}

it.each([1, 3, 8, 4096, 1_000_000])('gives whole messages whatever the pieces are (%i bytes)', (pieceBytes) => {
  const got: unknown[] = []
  const read = messageReader((message) => void got.push(plain(message)))
  const stream = Buffer.concat(MESSAGES.map(encodeMessage))
  for (let at = 0; at < stream.length; at += pieceBytes) read(stream.subarray(at, at + pieceBytes))
  expect(got).toEqual(MESSAGES.map(plain))
})

it('the blocking end reads the same, and null where the other has gone, even inside of a message', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'espalier-pipe-'))
  releases.push(() => rm(directory, { recursive: true }))
  const path = join(directory, 'messages')
  await writeFile(path, Buffer.concat([...MESSAGES.map(encodeMessage), encodeMessage('cut').subarray(0, 10)]))
  const fd = openSync(path, 'r')
  releases.push(() => closeSync(fd))
  // A file gives its bytes from the position that its descriptor has, as a pipe does, and ends like one.
  const messages = blockingMessages(fd)
  for (const expected of MESSAGES) expect(plain(messages.next()?.message)).toEqual(plain(expected))
  expect(messages.next()).toBeNull()
})

it('aligns bytes, so that typed arrays can lie over them', () => {
  const offsets: number[] = []
  const read = messageReader((message) => void (message instanceof Uint8Array && offsets.push(message.byteOffset % 4)))
  const stream = Buffer.concat([
    encodeMessage({ odd: 'length' }),
    encodeMessage(Uint8Array.of(1)),
    encodeMessage(Uint8Array.of(2)),
  ])
  read(Buffer.from(new Uint8Array(stream).buffer))
  expect(offsets).toEqual([0, 0])
})

it('refuses a length that no message has', () => {
  const header = Buffer.alloc(8, 0xff)
  expect(() => messageReader(() => undefined)(header)).toThrow('bytes')
})
