import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { ask } from './ask-running'

const PATIENCE = { handshakeMs: 200, silenceMs: 600 }
const running = (port: number, pid = process.pid) => ({ port, pid, token: 'abc', url: `http://127.0.0.1:${port}` })

/** Takes calls, and says nothing: what a process that was stopped looks like from outside. */
async function silentPort(): Promise<number> {
  const server = createServer((socket) => void onTestFinished(() => void socket.destroy()))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

async function nodeWith(autoPong: boolean, answersAfterMs: number | null): Promise<number> {
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    autoPong,
    handleProtocols: ([first]) => first ?? false,
  })
  server.on('connection', (socket) => {
    socket.on('message', () => {
      if (answersAfterMs === null) return
      const timer = setTimeout(() => socket.send('{"id":1,"reply":{"ok":true,"value":7}}'), answersAfterMs)
      socket.on('close', () => clearTimeout(timer))
    })
  })
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

it('a node that hangs is not one that is not running', async () => {
  const port = await silentPort()
  await expect(ask(running(port), 'status.get', {}, PATIENCE)).rejects.toMatchObject({
    code: 'NODE_NOT_ANSWERING',
    message: expect.stringContaining(`process ${process.pid}`),
  })
  // The process that wrote the file is gone, and somebody else has its port.
  await expect(ask(running(port, 2 ** 30), 'status.get', {}, PATIENCE)).rejects.not.toHaveProperty('code')
})

it('a node that stops while it is asked is noticed', async () => {
  const port = await nodeWith(false, null)
  await expect(ask(running(port), 'status.get', {}, PATIENCE)).rejects.toMatchObject({ code: 'NODE_NOT_ANSWERING' })
})

it('a node that works on its answer is waited for', async () => {
  const port = await nodeWith(true, 1_500)
  expect(await ask(running(port), 'disk.free', {}, PATIENCE)).toBe(7)
})
