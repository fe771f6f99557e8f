import type { Disposer } from '../../src-shared/clock'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
const nothing = () => undefined

/** Resolves when somebody asks this process to end, or when the process that started it with a channel is gone. */
export function untilEnd(): Promise<void> {
  return new Promise((resolve) => {
    // Undefined without a channel; false when it is closed already.
    if (process.connected === false) return resolve()
    const stopListening = onEndSignal(() => end())
    const end = () => {
      stopListening()
      // Listening for it keeps the channel, and with it the process, alive.
      process.off('disconnect', end)
      resolve()
    }
    process.once('disconnect', end)
  })
}

/**
 * Calls the listener at the first SIGINT, SIGTERM or SIGHUP (a closed terminal, a broken ssh, a Windows console that
 * closes); a second SIGINT or SIGTERM ends the process as if nobody listened. SIGHUP does not: for one closed window it
 * comes from the terminal and from the shell.
 * Not `process.once`: packages that want to tidy up at the end (signal-exit, by way of node-llama-cpp) send the signal
 * on when they find no other listener, and a listener of `once` is gone before it is called.
 */
export function onEndSignal(listener: () => void): Disposer {
  let isHeard = false
  const stop = () => {
    for (const signal of SIGNALS) process.off(signal, heard)
    if (isHeard && !process.listeners('SIGHUP').includes(nothing)) process.on('SIGHUP', nothing)
    process.off('SIGHUP', heard)
  }
  const heard = () => {
    if (isHeard) return
    isHeard = true
    // When all listeners of this signal have run.
    queueMicrotask(stop)
    listener()
  }
  for (const signal of [...SIGNALS, 'SIGHUP'] as const) process.on(signal, heard)
  return () => queueMicrotask(stop)
}
