import { join } from 'node:path'
import { WebSocket } from 'ws'
import * as z from 'zod'
import { METHODS, type MethodOutput } from '../../src-shared/contract'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { ServerEnvelopeSchema, TOKEN_PREFIX, WEB_PATH, WEB_PROTOCOL } from '../../src-shared/web-envelope'
import { readFileIfThere } from '../storage/atomic-file'

/** Where the CLI finds the running node of a data directory; readable by its user only, since it holds the token. */
export const RUNNING_FILE = 'running.json'

const RunningSchema = z.object({ port: z.int().min(1).max(65_535), token: z.string(), pid: z.int() })
const HANDSHAKE_TIMEOUT_MS = 5_000

/**
 * Asks the running node over the same bridge as its page. Throws NODE_NOT_RUNNING when there is none or it does not
 * answer.
 */
export async function askRunning<M extends 'status.get' | 'diagnostics.run'>(
  dataRoot: string,
  method: M,
): Promise<MethodOutput<M>> {
  const bytes = await readFileIfThere(join(dataRoot, RUNNING_FILE))
  const running = bytes && RunningSchema.safeParse(parse(new TextDecoder().decode(bytes)))
  if (!running?.success) throw new EspalierError('NODE_NOT_RUNNING', dataRoot)
  const answer = await ask(running.data.port, running.data.token, method).catch((error: unknown) => {
    throw new EspalierError('NODE_NOT_RUNNING', `${dataRoot} (${messageOf(error)})`, { cause: error })
  })
  return METHODS[method].output.parse(answer) as MethodOutput<M>
}

function ask(port: number, token: string, method: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${WEB_PATH}`, [WEB_PROTOCOL, TOKEN_PREFIX + token], {
      origin: `http://127.0.0.1:${port}`,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    })
    socket.on('error', reject)
    socket.on('close', (code) => reject(new Error(`closed with ${code}`)))
    socket.on('open', () => socket.send(JSON.stringify({ id: 1, method, input: {} })))
    socket.on('message', (data) => {
      const message = ServerEnvelopeSchema.safeParse(parse(String(data)))
      if (!message.success || !('reply' in message.data)) return
      const { reply } = message.data
      if (reply.ok) resolve(reply.value)
      else reject(new Error(reply.error.cause))
      socket.close()
    })
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
