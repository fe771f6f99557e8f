import type { Clock } from '../../src-shared/clock'
import type { StageSession } from './stage-session'

/**
 * The work of a session, one piece after the other, whatever the network does. `fail` ends a session whose work throws.
 * An idle session's work begins in this very call, so that a step reaches the engine without waiting for a turn.
 */
export function createSessionWork(clock: Clock, fail: (session: StageSession, error: unknown) => void) {
  async function perform(session: StageSession, work: () => Promise<void>): Promise<void> {
    const { idleSinceMs } = session
    if (idleSinceMs !== null) session.patienceMs -= clock.monotonicMs() - idleSinceMs
    session.idleSinceMs = null
    try {
      await work()
    } catch (error) {
      fail(session, error)
    }
    session.idleSinceMs = clock.monotonicMs()
    const following = session.waiting.shift()
    if (following) void perform(session, following.run)
  }

  /** @param sizeBytes of the rows that it holds meanwhile */
  return function enqueue(session: StageSession, run: () => Promise<void>, sizeBytes = 0): void {
    if (session.idleSinceMs === null) session.waiting.push({ run, sizeBytes })
    else void perform(session, run)
  }
}
