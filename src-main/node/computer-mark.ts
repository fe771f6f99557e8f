import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import type { Disposer } from '../../src-shared/clock'

/**
 * Takes the mark that one node on this computer can hold for an identity, whoever its user is, until the returned
 * function is called or the process ends, however it ends: the system's own name for a socket, which no file rights
 * limit. Null while another run holds it. Any user of the computer could take it and so prove nothing: whoever does
 * not get it has a reason to look twice, and no reason to stop. Where the system has no such thing it is given.
 */
export async function takeComputerMark(peerId: string): Promise<Disposer | null> {
  const path = markPath(peerId)
  try {
    return await listen(path)
  } catch (error) {
    if (!isTaken(error)) return () => undefined
  }
  // Only where the name is a file does it outlive a kill, and then nobody answers.
  if (!path.startsWith('/') || (await isAnswered(path))) return null
  try {
    rmSync(path)
    return await listen(path)
  } catch {
    return null
  }
}

/** For Linux a name without a file; for Windows a pipe; elsewhere a file in the folder that all users share. */
function markPath(peerId: string): string {
  const name = `espalier-${createHash('sha256').update(peerId).digest('hex').slice(0, 32)}`
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`
  return process.platform === 'linux' ? `\0${name}` : join('/tmp', `${name}.sock`)
}

async function listen(path: string): Promise<Disposer> {
  const server: Server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ path, exclusive: true }, resolve)
  })
  server.unref()
  return () => void server.close()
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

function isTaken(error: unknown): boolean {
  // Windows says so of a pipe that another user has.
  const codes = process.platform === 'win32' ? ['EADDRINUSE', 'EACCES'] : ['EADDRINUSE']
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
