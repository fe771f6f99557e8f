import type { ComponentLogger, Logger } from '@libp2p/interface'

const ignore = () => undefined

const quiet: Logger = Object.assign(ignore, {
  error: ignore,
  trace: ignore,
  enabled: false,
  newScope: () => quiet,
})

/**
 * Says nothing. libp2p's own logger looks up for each new stream whether somebody wants to read about it, which is a
 * good part of what a stream costs, and nobody does unless DEBUG is set.
 */
export const quietLogger: ComponentLogger = { forComponent: () => quiet }
