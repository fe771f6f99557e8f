/** The engine process's end of the line to its parent. */
export interface EngineChannel {
  post(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
  /** The parent has gone. */
  onClose(listener: () => void): void
}

/** Node's own channel, for a process that was started with one. */
export function processChannel(): EngineChannel {
  return {
    post: (message) => void process.send?.(message),
    onMessage: (listener) => void process.on('message', listener),
    onClose: (listener) => void process.once('disconnect', listener),
  }
}
