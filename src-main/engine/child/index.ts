import { systemClock } from '../../../src-shared/clock'
import { processChannel } from './channel'
import { createHandlers } from './handlers'
import { serveEngine } from './server'

// The engine process: llama.cpp answers some inputs by ending the process it runs in, so it runs in one of its own.
const channel = processChannel()
// Ctrl-C reaches the whole group of processes; the parent says goodbye first and then closes the channel.
process.on('SIGINT', () => undefined)
channel.onClose(() => process.exit(0))
serveEngine(channel, createHandlers(systemClock))
