const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Resolves when somebody asks this process to end, or when the process that started it with a channel is gone. */
export function untilEnd(): Promise<void> {
  return new Promise((resolve) => {
    // Undefined without a channel; false when it is closed already.
    if (process.connected === false) return resolve()
    const end = () => {
      for (const signal of SIGNALS) process.off(signal, end)
      // Listening for it keeps the channel, and with it the process, alive.
      process.off('disconnect', end)
      resolve()
    }
    for (const signal of SIGNALS) process.once(signal, end)
    process.once('disconnect', end)
  })
}
