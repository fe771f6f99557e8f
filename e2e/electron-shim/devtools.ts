import { EventEmitter } from 'node:events'
import WebSocket from 'ws'

const MAX_MESSAGE_BYTES = 256 * 1024 * 1024

/** Chromium's DevTools protocol over one socket; events are emitted as `method` with their parameters and session. */
export class DevTools extends EventEmitter {
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, { method: string; resolve(value: never): void; reject(error: Error): void }>()
  #nextId = 1

  private constructor(socket: WebSocket) {
    super()
    this.#socket = socket
    socket.on('message', (data) => this.#onMessage(JSON.parse(String(data))))
    socket.on('close', () => {
      for (const { method, reject } of this.#waiting.values()) reject(new Error(`${method}: the browser has gone`))
      this.#waiting.clear()
    })
  }

  static async connect(endpoint: string): Promise<DevTools> {
    const socket = new WebSocket(endpoint, { perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES })
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve())
      socket.once('error', reject)
    })
    socket.on('error', () => socket.terminate())
    return new DevTools(socket)
  }

  send<T = unknown>(method: string, params: object = {}, sessionId?: string): Promise<T> {
    const id = this.#nextId++
    return new Promise<T>((resolve, reject) => {
      if (this.#socket.readyState !== this.#socket.OPEN) return reject(new Error(`${method}: the browser has gone`))
      this.#waiting.set(id, { method, resolve, reject })
      this.#socket.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }))
    })
  }

  close(): void {
    this.#socket.close()
  }

  #onMessage(message: {
    id?: number
    method?: string
    params?: unknown
    sessionId?: string
    result?: unknown
    error?: { message: string }
  }): void {
    if (message.method !== undefined) return void this.emit(message.method, message.params, message.sessionId)
    const waiting = this.#waiting.get(message.id ?? -1)
    this.#waiting.delete(message.id ?? -1)
    if (message.error) waiting?.reject(new Error(`${waiting.method}: ${message.error.message}`))
    else waiting?.resolve(message.result as never)
  }
}
