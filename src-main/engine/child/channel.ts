import { standalone } from '../../process/standalone'

/** The engine process's end of the line to its parent. */
export interface EngineChannel {
  post(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
  /** The parent has gone. */
  onClose(listener: () => void): void
}

/** What Electron gives to a utility process in place of Node's channel. */
export interface ParentPort {
  postMessage(message: unknown): void
  on(event: 'message', listener: (event: { data: unknown }) => void): unknown
}

/** The channel that this process was started with: Electron's where there is one, otherwise Node's own. */
export function processChannel(): EngineChannel {
  const { parentPort } = process as NodeJS.Process & { parentPort?: ParentPort | null }
  return parentPort ? parentPortChannel(parentPort) : nodeChannel()
}

/** Electron itself ends a utility process whose parent has gone, so there is no close to tell of. */
export function parentPortChannel(port: ParentPort): EngineChannel {
  return {
    post: (message) => port.postMessage(standalone(message)),
    onMessage: (listener) => void port.on('message', ({ data }) => listener(data)),
    onClose: () => undefined,
  }
}

function nodeChannel(): EngineChannel {
  return {
    post: (message) => void process.send?.(message),
    onMessage: (listener) => void process.on('message', listener),
    onClose: (listener) => void process.once('disconnect', listener),
  }
}
