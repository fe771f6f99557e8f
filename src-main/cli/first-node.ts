import type { Clock } from '../../src-shared/clock'
import { type EspalierError, isErrorCode } from '../../src-shared/errors'
import { ask, type Patience, type Running, readRunning } from './ask-running'

const PATIENCE_MS = 10_000
const PAUSE_MS = 200

/**
 * Says where the one is that runs with this data directory; it may still be about to open its page. Throws
 * NODE_NOT_ANSWERING when that one hangs: its page would hang as well, and no node is at work here.
 */
export async function pointToFirst(
  root: string,
  error: EspalierError,
  { json, clock, patience }: { json: boolean; clock: Clock; patience?: Patience },
): Promise<void> {
  const first = await untilItIsThere(root, clock)
  if (first) await ask(first, 'status.get', {}, patience).catch(throwIfHung)
  const line = json
    ? JSON.stringify({ type: 'running', ui: first?.url ?? null, pid: first?.pid ?? null, error: error.report() })
    : `${error.message}. ${first ? `Open ${first.url}` : error.action}`
  process.stdout.write(`${line}\n`)
}

/** One that refuses is about to end or to open its page, which is no hang. */
function throwIfHung(error: unknown): void {
  if (isErrorCode(error, 'NODE_NOT_ANSWERING')) throw error
}

async function untilItIsThere(root: string, clock: Clock): Promise<Running | null> {
  const begin = clock.monotonicMs()
  for (;;) {
    const first = await readRunning(root).catch((error: unknown) => {
      if (isErrorCode(error, 'RUNNING_FILE_INVALID')) return null
      throw error
    })
    // The desktop app has no such page: its window is its own.
    if (first || clock.monotonicMs() - begin > PATIENCE_MS) return first
    await clock.sleep(PAUSE_MS)
  }
}
