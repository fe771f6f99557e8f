import { spawn } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { systemClock } from '../../../src-shared/clock'
import { THREADS } from '../settings'
import type { RpcBuild } from './build-rpc'

const READY_WITHIN_MS = 30_000
const TRY_AGAIN_MS = 50

/** One of llama.cpp's RPC servers on loopback, as it comes, with as many threads as a node of ours has. */
export async function startRpcWorker(build: RpcBuild): Promise<{ endpoint: string; stop(): Promise<void> }> {
  const port = await freePort()
  const child = spawn(build.server, ['-H', '127.0.0.1', '-p', String(port), '-t', String(THREADS)], {
    cwd: build.libraries,
    stdio: 'ignore',
  })
  const onExit = () => child.kill('SIGKILL')
  process.once('exit', onExit)
  let hasEnded = false
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve())
    child.once('exit', () => resolve())
  }).then(() => {
    hasEnded = true
    process.off('exit', onExit)
  })
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
  }
  const untilMs = systemClock.monotonicMs() + READY_WITHIN_MS
  while (!(await answers(port))) {
    if (hasEnded || systemClock.monotonicMs() > untilMs) {
      await stop()
      throw new Error(`llama.cpp's RPC server did not start (exit code ${child.exitCode})`)
    }
    await systemClock.sleep(TRY_AGAIN_MS)
  }
  return { endpoint: `127.0.0.1:${port}`, stop }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
