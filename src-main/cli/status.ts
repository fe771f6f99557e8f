import { join } from 'node:path'
import { WebSocket } from 'ws'
import * as z from 'zod'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { type NodeStatus, NodeStatusSchema } from '../../src-shared/status'
import { ServerEnvelopeSchema, TOKEN_PREFIX, WEB_PATH, WEB_PROTOCOL } from '../../src-shared/web-envelope'
import { readFileIfThere } from '../storage/atomic-file'
import { openDataDirectory } from '../storage/data-directory'
import { RUNNING_FILE } from './serve'
import { statusText } from './status-text'

const RunningSchema = z.object({ port: z.int().min(1).max(65_535), token: z.string(), pid: z.int() })
const TIMEOUT_MS = 5_000

/** Asks the running node over the same bridge as its page. Exits 0 when others see it, 1 when not. */
export async function status(options: { dataDir?: string; json: boolean }): Promise<void> {
  const data = await openDataDirectory(options.dataDir)
  const bytes = await readFileIfThere(join(data.root, RUNNING_FILE))
  const running = bytes && RunningSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes)))
  if (!running?.success) throw new EspalierError('NODE_NOT_RUNNING', data.root)
  const found = await askStatus(running.data.port, running.data.token).catch((error: unknown) => {
    throw new EspalierError('NODE_NOT_RUNNING', `${data.root} (${messageOf(error)})`, { cause: error })
  })
  process.stdout.write(options.json ? `${JSON.stringify(found)}\n` : `${statusText(found)}\n`)
  if (found.shape !== 'visible') process.exitCode = 1
}

function askStatus(port: number, token: string): Promise<NodeStatus> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${WEB_PATH}`, [WEB_PROTOCOL, TOKEN_PREFIX + token], {
      origin: `http://127.0.0.1:${port}`,
      handshakeTimeout: TIMEOUT_MS,
    })
    socket.on('error', reject)
    socket.on('close', (code) => reject(new Error(`closed with ${code}`)))
    socket.on('open', () => socket.send(JSON.stringify({ id: 1, method: 'status.get', input: {} })))
    socket.on('message', (data) => {
      const message = ServerEnvelopeSchema.safeParse(JSON.parse(String(data)))
      if (!message.success || !('reply' in message.data)) return
      const { reply } = message.data
      if (reply.ok) resolve(NodeStatusSchema.parse(reply.value))
      else reject(new Error(reply.error.cause))
      socket.close()
    })
  })
}
