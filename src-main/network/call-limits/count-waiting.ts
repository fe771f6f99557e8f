import type { Stream } from '@libp2p/interface'
import type { WaitingLimits } from './limits'

/**
 * Counts streams of which it is not yet agreed what they are for, of each peer and of all. Rates alone do not bound
 * what piles up in a process that has less time than they were made for.
 */
export function countWaiting(limits: WaitingLimits) {
  const byPeer = new Map<string, number>()
  const ends = new WeakMap<Stream, () => void>()
  let all = 0
  return {
    hasRoom(peer: string): boolean {
      const ofPeer = byPeer.get(peer) ?? 0
      return ofPeer < limits.own || (ofPeer < limits.peer && all < limits.all)
    },
    begin(peer: string, stream: Stream): void {
      all++
      byPeer.set(peer, (byPeer.get(peer) ?? 0) + 1)
      const end = () => {
        ends.delete(stream)
        stream.removeEventListener('close', end)
        all--
        const left = (byPeer.get(peer) ?? 1) - 1
        if (left === 0) byPeer.delete(peer)
        else byPeer.set(peer, left)
      }
      ends.set(stream, end)
      stream.addEventListener('close', end)
    },
    end(stream: Stream): void {
      ends.get(stream)?.()
    },
    get all() {
      return all
    },
  }
}
