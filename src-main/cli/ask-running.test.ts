import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { FakeClock } from '../../test/fake-clock'
import { ask } from './ask-running'

const SILENCE_MS = 10_000
/** A call is taken as soon as the machine gets to it; how long a node says nothing is up to a clock that stands still. */
const PATIENCE = { handshakeMs: 60_000, silenceMs: SILENCE_MS }
const running = (port: number, pid = process.pid) => ({ port, pid, token: 'abc', url: `http://127.0.0.1:${port}` })

/** Takes calls, and says nothing: what a process that was stopped looks like from outside. */
async function silentPort(): Promise<number> {
  const server = createServer((socket) => void onTestFinished(() => void socket.destroy()))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** A node and its end of the first connection, from when it has been asked something. */
async function nodeWith(autoPong: boolean): Promise<{ port: number; asked: Promise<WebSocket> }> {
  const asked = Promise.withResolvers<WebSocket>()
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    autoPong,
    handleProtocols: ([first]) => first ?? false,
  })
  server.on('connection', (socket) => void socket.on('message', () => asked.resolve(socket)))
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, asked: asked.promise }
}

it('a node that hangs is not one that is not running', async () => {
  const port = await silentPort()
  const patience = { ...PATIENCE, handshakeMs: 200 }
  await expect(ask(running(port), 'status.get', {}, patience)).rejects.toMatchObject({
    code: 'NODE_NOT_ANSWERING',
    message: expect.stringContaining(`process ${process.pid}`),
  })
  // The process that wrote the file is gone, and somebody else has its port.
  await expect(ask(running(port, 2 ** 30), 'status.get', {}, patience)).rejects.not.toHaveProperty('code')
})

it('a node that stops while it is asked is noticed', async () => {
  const clock = new FakeClock()
  const { port, asked } = await nodeWith(false)
  const answer = ask(running(port), 'status.get', {}, PATIENCE, clock)
  const noticed = expect(answer).rejects.toMatchObject({ code: 'NODE_NOT_ANSWERING' })
  await asked
  await clock.advance(2 * SILENCE_MS)
  await noticed
})

it('a node that works on its answer is waited for', async () => {
  const clock = new FakeClock()
  const { port, asked } = await nodeWith(true)
  const answer = ask(running(port), 'disk.free', {}, PATIENCE, clock)
  const node = await asked
  for (let look = 0; look < 3; look++) {
    const looked = once(node, 'ping')
    await clock.advance(SILENCE_MS)
    await looked
    // Goes out after the pong: whoever has answered it has read both.
    node.ping()
    await once(node, 'pong')
  }
  node.send('{"id":1,"reply":{"ok":true,"value":7}}')
  expect(await answer).toBe(7)
})
