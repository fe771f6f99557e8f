import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import * as z from 'zod'
import { type Clock, systemClock } from '../../src-shared/clock'
import { METHODS, type MethodInput, type MethodOutput } from '../../src-shared/contract'
import type { MethodName } from '../../src-shared/contract-names'
import { ERROR_CATALOGUE, ERROR_CODES, type ErrorCode } from '../../src-shared/error-catalogue'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { ServerEnvelopeSchema, TOKEN_PREFIX, WEB_PATH, WEB_PROTOCOL } from '../../src-shared/web-envelope'
import { readFileIfThere, writeFileAtomic } from '../storage/atomic-file'

/** Where the CLI finds the running node of a data directory; readable by its user only, since it holds the token. */
export const RUNNING_FILE = 'running.json'

/** What a program needs to talk to the running node. */
export interface Running {
  port: number
  token: string
  pid: number
  /** The page, with its token. */
  url: string
}

const MAX_FILE_BYTES = 4096
const RunningSchema = z.object({ port: z.int().min(1).max(65_535), token: z.string(), pid: z.int(), url: z.url() })
/** How long a node may say nothing, in ms: to the call, and from one sign of life to the next while it works. */
export interface Patience {
  handshakeMs: number
  silenceMs: number
}
const PATIENCE: Patience = { handshakeMs: 5_000, silenceMs: 10_000 }

export function writeRunning(dataRoot: string, running: Running): Promise<void> {
  return writeFileAtomic(join(dataRoot, RUNNING_FILE), JSON.stringify(running))
}

/** The token is of no use to anybody once the node has gone. */
export function removeRunning(dataRoot: string): Promise<void> {
  return rm(join(dataRoot, RUNNING_FILE), { force: true })
}

/** Null when there is none. Throws RUNNING_FILE_INVALID for one that is damaged, DATA_DIR_UNUSABLE where none can be. */
export async function readRunning(dataRoot: string): Promise<Running | null> {
  const path = join(dataRoot, RUNNING_FILE)
  const bytes = await readFileIfThere(path).catch((error: unknown) => {
    // A file instead of a folder, or another user's folder.
    throw new EspalierError('DATA_DIR_UNUSABLE', `${dataRoot} (${messageOf(error)})`, { cause: error })
  })
  if (bytes === null) return null
  const running = RunningSchema.safeParse(
    bytes.length <= MAX_FILE_BYTES ? parse(new TextDecoder().decode(bytes)) : undefined,
  )
  if (!running.success) throw new EspalierError('RUNNING_FILE_INVALID', path)
  return running.data
}

/**
 * Asks the running node over the same bridge as its page. Throws NODE_NOT_RUNNING when there is none,
 * NODE_NOT_ANSWERING when it hangs, RUNNING_FILE_INVALID when nobody can tell, and what the node itself refuses with.
 */
export async function askRunning<M extends MethodName>(
  dataRoot: string,
  method: M,
  ...[input]: Record<string, never> extends MethodInput<M> ? [] : [input: MethodInput<M>]
): Promise<MethodOutput<M>> {
  const running = await readRunning(dataRoot)
  if (!running) throw new EspalierError('NODE_NOT_RUNNING', dataRoot)
  const answer = await ask(running, method, input ?? {}).catch((error: unknown) => {
    if (error instanceof EspalierError) throw error
    throw new EspalierError('NODE_NOT_RUNNING', `${dataRoot} (${messageOf(error)})`, { cause: error })
  })
  return METHODS[method].output.parse(answer) as MethodOutput<M>
}

/** What the node at `running` replies. Throws NODE_NOT_ANSWERING, and a plain error where nobody listens. */
export function ask(
  running: Running,
  method: string,
  input: object,
  patience = PATIENCE,
  clock: Pick<Clock, 'every'> = systemClock,
): Promise<unknown> {
  const { port, token, pid } = running
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${WEB_PATH}`, [WEB_PROTOCOL, TOKEN_PREFIX + token], {
      origin: `http://127.0.0.1:${port}`,
      handshakeTimeout: patience.handshakeMs,
    })
    let isAlive = true
    // Work may take long; a process that runs answers a ping all the same.
    const stopLooking = clock.every(patience.silenceMs, () => {
      if (socket.readyState !== WebSocket.OPEN) return
      if (!isAlive) {
        reject(new EspalierError('NODE_NOT_ANSWERING', `process ${pid}`))
        return socket.terminate()
      }
      isAlive = false
      socket.ping()
    })
    socket.on('pong', () => {
      isAlive = true
    })
    socket.on('close', stopLooking)
    socket.on('error', (error) => {
      // A port that nobody holds refuses at once; one that takes a call and says nothing is held by a process that hangs.
      const isSilence = /handshake has timed out/.test(error.message) && isProcess(pid)
      reject(isSilence ? new EspalierError('NODE_NOT_ANSWERING', `process ${pid}`, { cause: error }) : error)
    })
    socket.on('close', (code) => reject(new Error(`closed with ${code}`)))
    socket.on('open', () => socket.send(JSON.stringify({ id: 1, method, input })))
    socket.on('message', (data) => {
      const message = ServerEnvelopeSchema.safeParse(parse(String(data)))
      if (!message.success || !('reply' in message.data)) return
      const { reply } = message.data
      if (reply.ok) resolve(reply.value)
      else reject(refusalOf(reply.error))
      socket.close()
    })
  })
}

/** Whether there is a process of this number, also one that another user started. */
function isProcess(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** A node of another version may refuse with a code that this one does not know. */
function refusalOf({ code, cause }: { code: string; cause: string }): Error {
  const isKnown = (text: string): text is ErrorCode => (ERROR_CODES as readonly string[]).includes(text)
  if (!isKnown(code)) return new Error(cause)
  const title = `${ERROR_CATALOGUE[code].cause}: `
  return new EspalierError(code, cause.startsWith(title) ? cause.slice(title.length) : undefined)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
