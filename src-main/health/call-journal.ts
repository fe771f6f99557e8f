import type { PeerId } from '@libp2p/interface'
import type { Clock, Disposer } from '../../src-shared/clock'
import type { EventLog } from '../storage/event-log'

export interface CallJournal {
  /** A peer's call of `protocol` is being answered. */
  note(protocol: string, peer: PeerId): void
  dispose(): void
}

/** A flood of calls must not become a flood of events: after the first, one event a protocol tells of the rest. */
const PAUSE_MS = 5_000

/** Writes `rpc.answered` events: `calls` since the event before, and `peer`, the last that asked. */
export function createCallJournal(clock: Clock, log: EventLog): CallJournal {
  const pending = new Map<string, { calls: number; peer: string; cancel: Disposer }>()

  function write(protocol: string, calls: number, peer: string): void {
    const times = calls === 1 ? '1 call' : `${calls} calls`
    log.write('info', 'rpc.answered', `${times} of ${protocol} answered, the last of ${peer}`, {
      protocol,
      peer,
      calls,
    })
  }

  function pause(protocol: string): void {
    const cancel = clock.after(PAUSE_MS, () => {
      const entry = pending.get(protocol)
      pending.delete(protocol)
      if (!entry || entry.calls === 0) return
      write(protocol, entry.calls, entry.peer)
      pause(protocol)
    })
    pending.set(protocol, { calls: 0, peer: '', cancel })
  }

  return {
    note(protocol, peer) {
      const entry = pending.get(protocol)
      if (entry) {
        entry.calls++
        entry.peer = peer.toString()
        return
      }
      write(protocol, 1, peer.toString())
      pause(protocol)
    },
    dispose() {
      for (const { cancel } of pending.values()) cancel()
      pending.clear()
    },
  }
}
