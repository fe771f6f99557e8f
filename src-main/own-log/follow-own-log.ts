import type { Clock, Disposer } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import type { Host } from '../network/host'
import type { EventLog, LogEvent } from '../storage/event-log'
import { startLogSync } from './log-sync'
import { openOwnLog } from './own-log'

/** What the other nodes of its operator hear of a node: its troubles, and its comings and goings. */
function isTold({ level, code }: LogEvent): boolean {
  return level === 'warn' || level === 'error' || (level === 'info' && code.startsWith('node.'))
}

/** Writes this node's events down for its operator's other nodes, and keeps theirs. Ends with what it returns. */
export async function followOwnLog(options: {
  host: Host
  path: string
  publicName: string
  nodes: readonly string[]
  clock: Clock
  log: EventLog
}): Promise<() => Promise<void>> {
  const { clock, host, log } = options
  const ownLog = await openOwnLog({
    ...{ path: options.path, clock },
    peerId: host.peerId.toString(),
    name: options.publicName,
  })
  let last = ''
  const stopListening: Disposer = log.subscribe((event) => {
    const { level, code, message } = event
    // What is tried again and again in vain is told once.
    const words = `${code} ${message}`
    if (level === 'debug' || !isTold(event) || words === last) return
    last = words
    // Told as debug: as a warning it would be written down again.
    ownLog
      .add({ level, code, message })
      .catch((error: unknown) => log.write('debug', 'own-log.unwritten', messageOf(error)))
  })
  const sync = await startLogSync({ host, ownLog, nodes: options.nodes, clock, log })
  return async () => {
    stopListening()
    await sync.stop()
    await ownLog.close()
  }
}
