import * as z from 'zod'
import type { Disposer } from '../../src-shared/clock'
import { type EventName, MAX_MESSAGE_BYTES, type Reply, type Scope } from '../../src-shared/contract-names'
import type { ErrorCode } from '../../src-shared/error-catalogue'
import { EspalierError } from '../../src-shared/errors'
import { IPC_CALL_CHANNEL, IPC_EVENT_CHANNEL } from '../../src-shared/ipc-envelope'
import type { RefusalReason } from './refusals'
import type { BridgeLog, BridgeServer } from './server'

export interface IpcCarrierOptions {
  server: BridgeServer
  ipcMain: Pick<Electron.IpcMain, 'handle' | 'removeHandler'>
  /** Whether a call comes from our own page. */
  isTrusted(event: Electron.IpcMainInvokeEvent): boolean
  /** Who hears events; null while there is no window. */
  contents(): Pick<Electron.WebContents, 'send' | 'isDestroyed'> | null
  log: BridgeLog
}

/** A page waits for a handful of answers at a time; more is a fault or an attack. */
const MAX_CALLS_IN_FLIGHT = 16
/** The window belongs to whoever sits at the computer. */
const SCOPES: ReadonlySet<Scope> = new Set(['read', 'operate'])

const CallSchema = z.strictObject({ method: z.string().max(64), input: z.unknown() })

/**
 * The bridge over Electron's IPC: one channel for calls, one for events, both carrying JSON text. Refusals come back
 * as data, never as exceptions, which Electron would reword. Returns what takes the channel down.
 */
export function startIpcCarrier({ server, ipcMain, isTrusted, contents, log }: IpcCarrierOptions): Disposer {
  let callsInFlight = 0

  const refuse = (reason: RefusalReason, code: ErrorCode, detail: string): Reply => {
    server.countRefused(reason)
    log('warn', 'A call over IPC was refused', { reason, detail })
    return { ok: false, error: new EspalierError(code, detail).report() }
  }

  async function answer(
    event: Electron.IpcMainInvokeEvent,
    message: unknown,
    more: readonly unknown[],
  ): Promise<Reply> {
    if (!isTrusted(event)) return refuse('forbidden', 'BRIDGE_FORBIDDEN', 'the sender is not the app’s own page')
    if (typeof message !== 'string' || more.length > 0) {
      return refuse('malformed', 'BRIDGE_BAD_INPUT', 'a call is one text')
    }
    if (isTooLong(message)) return refuse('oversize', 'BRIDGE_BAD_INPUT', 'it is too long for one message')
    const call = CallSchema.safeParse(parseJson(message))
    if (!call.success) return refuse('malformed', 'BRIDGE_BAD_INPUT', 'it is not a call')
    if (callsInFlight >= MAX_CALLS_IN_FLIGHT) return refuse('busy', 'BRIDGE_BUSY', call.data.method)
    callsInFlight += 1
    try {
      return await server.dispatch(call.data.method, call.data.input, SCOPES)
    } finally {
      callsInFlight -= 1
    }
  }

  ipcMain.handle(IPC_CALL_CHANNEL, async (event, message: unknown, ...more: unknown[]) => {
    const text = JSON.stringify(await answer(event, message, more))
    if (!isTooLong(text)) return text
    return JSON.stringify(refuse('oversize', 'INTERNAL', 'the answer is too long for one message'))
  })
  const removeSink = server.addSink((event: EventName, payload) => {
    const page = contents()
    if (!page || page.isDestroyed()) return
    const text = JSON.stringify({ event, payload })
    if (isTooLong(text)) {
      server.countRefused('oversize')
      log('error', 'An event is too long and was not sent', { event })
      return
    }
    page.send(IPC_EVENT_CHANNEL, text)
  })

  return () => {
    removeSink()
    ipcMain.removeHandler(IPC_CALL_CHANNEL)
  }
}

/** A text is never shorter in bytes than in UTF-16 units, so the cheap look comes first. */
function isTooLong(text: string): boolean {
  return text.length > MAX_MESSAGE_BYTES || Buffer.byteLength(text) > MAX_MESSAGE_BYTES
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
