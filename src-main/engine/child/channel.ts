import { blockingMessages } from '../../process/message-pipe'
import { MESSAGE_PIPE_FD } from '../../process/owned-child'
import { standalone } from '../../process/standalone'

/** The engine process's end of the line to its parent. */
export interface EngineChannel {
  post(message: unknown): void
  /** The promise that a listener returns is that of its work: a carrier may wait for it before it reads on. */
  onMessage(listener: (message: unknown) => Promise<void> | undefined): void
  /** The parent has gone. */
  onClose(listener: () => void): void
}

/** What Electron gives to a utility process in place of Node's channel. */
export interface ParentPort {
  postMessage(message: unknown): void
  on(event: 'message', listener: (event: { data: unknown }) => void): unknown
}

/** The channel that this process was started with: Electron's, Node's own, or else a pipe. */
export function processChannel(): EngineChannel {
  const { parentPort } = process as NodeJS.Process & { parentPort?: ParentPort | null }
  if (parentPort) return parentPortChannel(parentPort)
  return process.send ? nodeChannel() : pipeChannel(MESSAGE_PIPE_FD)
}

/** Electron itself ends a utility process whose parent has gone, so there is no close to tell of. */
export function parentPortChannel(port: ParentPort): EngineChannel {
  return {
    post: (message) => port.postMessage(standalone(message)),
    onMessage: (listener) => void port.on('message', ({ data }) => void listener(data)),
    onClose: () => undefined,
  }
}

function nodeChannel(): EngineChannel {
  return {
    post: (message) => void process.send?.(message),
    onMessage: (listener) => void process.on('message', (message) => void listener(message)),
    onClose: (listener) => void process.once('disconnect', listener),
  }
}

/** Messages between which Node gets a turn of its own, for what it does beside our work. */
const MESSAGES_PER_TURN = 64

/** Sleeps in the read of the next message, as long as nothing is under way here. */
function pipeChannel(fd: number): EngineChannel {
  const messages = blockingMessages(fd)
  let onClose: () => void = () => undefined
  const serve = async (listener: (message: unknown) => Promise<void> | undefined) => {
    for (let count = 1; ; count++) {
      const received = messages.next()
      if (received === null) return
      await listener(received.message)
      if (count % MESSAGES_PER_TURN === 0) await new Promise(setImmediate)
    }
  }
  return {
    post: messages.send,
    onMessage(listener) {
      // A pipe that breaks instead of ending means the same: the parent has gone.
      setImmediate(() => void serve(listener).then(onClose, onClose))
    },
    onClose(listener) {
      onClose = listener
    },
  }
}
