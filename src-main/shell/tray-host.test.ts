import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { busBoolean as boolean, BUS_HELLO as HELLO, busMessage as message } from '../../e2e/support/fake-session-bus'
import { FakeClock } from '../../test/fake-clock'
import { busPath, hasTrayHost } from './tray-host'

let directory: string
let server: Server | null = null
/** However slow this computer is, an answer is in time until a test says that it is not. */
let clock: FakeClock
const sockets = new Set<Socket>()

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'espalier-bus-'))
  clock = new FakeClock()
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  server?.close()
  server = null
  await rm(directory, { recursive: true })
})

const SIGNAL = message(4, Buffer.alloc(0))

/** A bus that greets, then sends `answer`, in pieces of `pieceBytes`. */
async function bus(answer: Buffer, { greeting = 'OK 0123\r\n', pieceBytes = 1_000 } = {}) {
  const heard: Buffer[] = []
  const path = join(directory, 'bus')
  server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      heard.push(chunk)
      const text = Buffer.concat(heard).toString('latin1')
      if (heard.length === 1) socket.write(greeting)
      if (!text.includes('IsStatusNotifierHostRegistered')) return
      for (let at = 0; at < answer.length; at += pieceBytes) socket.write(answer.subarray(at, at + pieceBytes))
    })
  })
  await new Promise<void>((resolve) => server?.listen(path, resolve))
  const ask = () => hasTrayHost('linux', { DBUS_SESSION_BUS_ADDRESS: `unix:path=${path},guid=1` }, clock)
  return { ask, heard: () => Buffer.concat(heard).toString('latin1') }
}

describe('hasTrayHost', () => {
  it('is yes where the desktop says that a host is registered', async () => {
    const { ask, heard } = await bus(Buffer.concat([HELLO, SIGNAL, message(2, boolean(true))]))
    expect(await ask()).toBe(true)
    expect(heard()).toContain('org.kde.StatusNotifierWatcher')
    expect(heard()).toMatch(/^\0AUTH EXTERNAL ([0-9a-f]{2})+\r\nBEGIN\r\n/)
  })

  it('reads an answer that comes byte by byte', async () => {
    const { ask } = await bus(Buffer.concat([HELLO, SIGNAL, message(2, boolean(true))]), { pieceBytes: 1 })
    expect(await ask()).toBe(true)
  })

  it.each([
    ['no host is registered', Buffer.concat([HELLO, message(2, boolean(false))])],
    ['there is no watcher', Buffer.concat([HELLO, message(3, Buffer.alloc(0))])],
    ['the answer is of another type', Buffer.concat([HELLO, message(2, Buffer.from([1, 115, 0, 0, 1, 0, 0, 0]))])],
    [
      'the answer is longer than any',
      Buffer.concat([HELLO, message(2, Buffer.concat([boolean(true), Buffer.alloc(70_000)]))]),
    ],
  ])('is no where %s', async (_name, answer) => {
    const { ask } = await bus(answer)
    expect(await ask()).toBe(false)
  })

  it('is no where nothing is answered within a second', async () => {
    const { ask, heard } = await bus(Buffer.alloc(0))
    const answer = ask()
    await expect.poll(heard).toContain('IsStatusNotifierHostRegistered')
    await clock.advance(1_000)
    expect(await answer).toBe(false)
  })

  it('is no where we are not let in, or there is no bus', async () => {
    const { ask } = await bus(Buffer.alloc(0), { greeting: 'REJECTED EXTERNAL\r\n' })
    expect(await ask()).toBe(false)
    const nowhere = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${directory}/none` }
    expect(await hasTrayHost('linux', nowhere, clock)).toBe(false)
    expect(await hasTrayHost('linux', {}, clock)).toBe(false)
  })

  it('is yes on systems that always have one', async () => {
    expect(await hasTrayHost('win32', {}, clock)).toBe(true)
    expect(await hasTrayHost('darwin', {}, clock)).toBe(true)
  })
})

it.each([
  ['unix:path=/run/user/1000/bus', '/run/user/1000/bus'],
  ['unix:path=/tmp/a%20b,guid=00', '/tmp/a b'],
  ['unix:guid=00,abstract=/tmp/dbus-x', '\0/tmp/dbus-x'],
  ['tcp:host=localhost,port=1;unix:path=/x', '/x'],
  ['autolaunch:', null],
  ['', null],
])('the address %s is at %j', (address, path) => {
  expect(busPath(address)).toBe(path)
})
