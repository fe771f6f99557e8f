import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { writeRunning } from './ask-running'
import { pointToFirst } from './first-node'

const IN_USE = new EspalierError('DATA_DIR_IN_USE')

/** A data directory whose node listens at `port`, and what a second start prints about it. */
async function secondStart(
  port: number,
  handshakeMs: number,
): Promise<{ said: () => string; point: () => Promise<void> }> {
  const root = await mkdtemp(join(tmpdir(), 'espalier-first-'))
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  onTestFinished(async () => {
    write.mockRestore()
    await rm(root, { recursive: true })
  })
  await writeRunning(root, { port, token: 'abc', pid: process.pid, url: `http://127.0.0.1:${port}/#abc` })
  const how = { json: false, clock: systemClock, patience: { handshakeMs, silenceMs: 600 } }
  return { said: () => write.mock.calls.join(''), point: () => pointToFirst(root, IN_USE, how) }
}

/** Whether it says nothing, or hangs up at once. */
async function portThat(hangs: boolean): Promise<number> {
  const server = createServer((socket) => {
    if (hangs) onTestFinished(() => void socket.destroy())
    else socket.destroy()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

it('a second start beside a node that hangs says so with its process, and names no page that would hang too', async () => {
  const { said, point } = await secondStart(await portThat(true), 300)
  await expect(point()).rejects.toMatchObject({
    code: 'NODE_NOT_ANSWERING',
    message: expect.stringContaining(`process ${process.pid}`),
  })
  expect(said()).toBe('')
})

it('beside one that is about to end or to open its page it names that page', async () => {
  const port = await portThat(false)
  // That the port hangs up is known when the machine gets to it, and not in some milliseconds.
  const { said, point } = await secondStart(port, 60_000)
  await point()
  expect(said()).toContain(`Open http://127.0.0.1:${port}/#abc`)
})
