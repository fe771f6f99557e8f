import type { EventLog } from '../src-main/storage/event-log'
import type { Clock, Disposer } from '../src-shared/clock'
import { EspalierError, messageOf } from '../src-shared/errors'
import type { CoordinatorEvents } from './coordinator-events'
import type { CoordinatorDatabase, DecisionKind } from './database/tables'
import { BY_COORDINATOR, decide } from './decisions'
import type { HostedModel } from './hosted-model'
import { readEntry } from './roster-entries'

/** Sends LOAD_SHARD to a peer and resolves to the status of its signed reply; a refusal is thrown with its code. */
export type SendLoad = (
  peerId: string,
  blocks: { root: string; start: number; end: number },
  signal: AbortSignal,
) => Promise<string>

export interface LoadCommands {
  /** Tells a worker once more, on the host's word. Nothing for one that has no blocks. */
  tell(workerId: string): void
  stop: Disposer
  settled(): Promise<unknown>
}

/** After these decisions a worker may have blocks that it had not before. */
const GIVES_BLOCKS: ReadonlySet<DecisionKind> = new Set(['approved', 'assigned', 'moved'])
/** A worker that hears of its blocks first asks for its assignment and the manifest, and says no until it has them. */
const RETRY_DELAYS_MS = [250, 500, 1_000, 2_000, 4_000, 8_000]

/**
 * Tells every worker that was given blocks to load them, at once instead of at its next heartbeat (S-13). What it
 * acknowledges becomes an entry in the decisions. One without a peer id, or that is not reached, hears of its blocks by
 * its heartbeats as before.
 */
export function createLoadCommands(options: {
  database: CoordinatorDatabase
  events: CoordinatorEvents
  clock: Clock
  models: readonly HostedModel[]
  send: SendLoad
  log?: Pick<EventLog, 'write'> | undefined
}): LoadCommands {
  const { database, clock, send, log } = options
  const roots = new Map(options.models.map(({ name, manifestJson }) => [name, rootOf(manifestJson)]))
  const ending = new AbortController()
  /** A later decision about a worker replaces what it was to be told. */
  const telling = new Map<string, AbortController>()
  const under = new Set<Promise<void>>()

  async function tell(workerId: string, signal: AbortSignal): Promise<void> {
    const { worker, assignment } = await readEntry(database.queries, workerId)
    const root = assignment && roots.get(assignment.model_name)
    if (!worker.peer_id || !assignment || !root) return
    const blocks = { root, start: assignment.start_block, end: assignment.end_block }
    for (const delayMs of [...RETRY_DELAYS_MS, null]) {
      try {
        const status = await send(worker.peer_id, blocks, signal)
        await decide(options, (_, note) =>
          note({
            worker_id: workerId,
            decision: 'load-acknowledged',
            reason: `LOAD_SHARD for blocks ${blocks.start}–${blocks.end - 1}: ${status}`,
            decided_by: BY_COORDINATOR,
            decided_at: clock.now(),
          }),
        )
        return
      } catch (error) {
        if (signal.aborted) return
        const code = error instanceof EspalierError ? error.code : 'INTERNAL'
        log?.write('debug', 'load.refused', messageOf(error), { worker: workerId, code })
        if (delayMs === null) {
          log?.write('warn', 'load.unacknowledged', messageOf(error), { worker: workerId, code })
          return
        }
        await clock.sleep(delayMs, signal)
      }
    }
  }

  function drop(workerId: string): void {
    telling.get(workerId)?.abort()
    telling.delete(workerId)
  }

  function begin(workerId: string): void {
    if (ending.signal.aborted) return
    drop(workerId)
    const controller = new AbortController()
    telling.set(workerId, controller)
    const work = tell(workerId, controller.signal)
      .catch((error: unknown) => {
        if (!controller.signal.aborted) log?.write('error', 'load.failed', messageOf(error), { worker: workerId })
      })
      .finally(() => {
        under.delete(work)
        if (telling.get(workerId) === controller) telling.delete(workerId)
      })
    under.add(work)
  }

  const stopListening = options.events.subscribe((event) => {
    if (event.type !== 'decision') return
    const { worker_id: workerId, decision } = event.decision
    if (decision === 'load-acknowledged') return
    drop(workerId)
    if (GIVES_BLOCKS.has(decision)) begin(workerId)
  })

  return {
    tell: begin,
    stop() {
      stopListening()
      ending.abort()
      for (const controller of telling.values()) controller.abort()
    },
    settled: () => Promise.allSettled([...under]),
  }
}

/** What names the model on the wire; null for manifests of other makers, whose nodes know no LOAD_SHARD. */
function rootOf(manifestJson: string): string | null {
  const manifest: unknown = JSON.parse(manifestJson)
  const root = typeof manifest === 'object' && manifest !== null && 'root' in manifest ? manifest.root : null
  return typeof root === 'string' ? root : null
}
