import type { FeedLoad } from '../src-dashboard/feed'
import type { EventLog } from '../src-main/storage/event-log'
import type { Clock, Disposer } from '../src-shared/clock'
import { EspalierError, messageOf } from '../src-shared/errors'
import type { CoordinatorEvents } from './coordinator-events'
import type { CoordinatorDatabase, DecisionKind } from './database/tables'
import { BY_COORDINATOR, decide } from './decisions'
import type { HostedModel } from './hosted-model'
import { type LoadedBlocks, type LoadSender, type LoadTelling, tellToLoad } from './load-telling'
import { readEntry } from './roster-entries'

export interface LoadCommands {
  /** Tells a worker once more, on the host's word. Throws COORDINATOR_UNKNOWN_WORKER, LOAD_NOT_SENT. */
  tell(workerId: string): Promise<void>
  /**
   * Takes back what a worker was told, on the host's word. Resolves when it has answered, or can't; `view` says which.
   * Throws COORDINATOR_UNKNOWN_WORKER, LOAD_NOT_SENT where nothing was told.
   */
  cancel(workerId: string): Promise<void>
  /** What became of the last command to a worker, since it got its blocks; null: none was sent by this coordinator. */
  view(workerId: string): FeedLoad | null
  stop: Disposer
  settled(): Promise<unknown>
}

/** The command under way to a worker, or the last one. */
interface Told {
  blocks: LoadedBlocks
  now: LoadTelling
}

/** After these decisions a worker may have blocks that it had not before. */
const GIVES_BLOCKS: ReadonlySet<DecisionKind> = new Set(['approved', 'assigned', 'moved'])
const ABOUT_COMMANDS: ReadonlySet<DecisionKind> = new Set(['load-acknowledged', 'load-cancelled'])

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
  sender: LoadSender
  log?: Pick<EventLog, 'write'> | undefined
}): LoadCommands {
  const { database, events, clock, sender, log } = options
  const roots = new Map(options.models.map(({ name, manifestJson }) => [name, rootOf(manifestJson)]))
  let isEnding = false
  const telling = new Map<string, Told>()
  /** Who looks up what a worker is to be told: a later decision about it makes that void. */
  const turns = new Map<string, symbol>()
  const under = new Set<Promise<void>>()

  /** Whom to tell what; in words, why there is nobody or nothing. */
  async function addressOf(workerId: string): Promise<{ peerId: string; blocks: LoadedBlocks } | string> {
    const { worker, assignment } = await readEntry(database.queries, workerId)
    if (!assignment) return 'it has no blocks'
    const root = roots.get(assignment.model_name)
    if (!root) return `the manifest of ${assignment.model_name} names no content`
    if (!worker.peer_id) return 'it gave no peer id, so it takes no commands'
    return { peerId: worker.peer_id, blocks: { root, start: assignment.start_block, end: assignment.end_block } }
  }

  async function tell(workerId: string, isAsked: boolean): Promise<void> {
    const turn = Symbol(workerId)
    turns.set(workerId, turn)
    const address = await addressOf(workerId)
    if (typeof address === 'string' && isAsked) throw new EspalierError('LOAD_NOT_SENT', address)
    // Another decision was made meanwhile, and tells it by itself.
    if (typeof address === 'string' || isEnding || turns.get(workerId) !== turn) return
    telling.get(workerId)?.now.stop()
    const onChange = () => events.emit({ type: 'workers', workerIds: [workerId] })
    const told = { blocks: address.blocks, now: tellToLoad({ sender, ...address, isAsked, clock, onChange }) }
    telling.set(workerId, told)
    onChange()
    follow(note(workerId, told))
  }

  /** Writes down what the worker answers. */
  async function note(workerId: string, { blocks, now }: Told): Promise<void> {
    const answer = await now.answered
    const { state, trouble } = now.view
    if (answer) await write(workerId, 'load-acknowledged', blocks, answer.status, BY_COORDINATOR)
    else if (state === 'refused' && trouble)
      log?.write('warn', 'load.unacknowledged', trouble.cause, { worker: workerId, code: trouble.code })
  }

  function write(workerId: string, decision: DecisionKind, { start, end }: LoadedBlocks, what: string, by: string) {
    return decide(options, async (_, note) => {
      await note({
        worker_id: workerId,
        decision,
        reason: `LOAD_SHARD for blocks ${start}–${end - 1}: ${what}`,
        decided_by: by,
        decided_at: clock.now(),
      })
    })
  }

  function drop(workerId: string): void {
    telling.get(workerId)?.now.stop()
    telling.delete(workerId)
    turns.delete(workerId)
  }

  /** Nobody waits for it; the end does. */
  function follow(work: Promise<void>): void {
    const followed = work
      .catch((error: unknown) => {
        if (!isEnding) log?.write('error', 'load.failed', messageOf(error))
      })
      .finally(() => under.delete(followed))
    under.add(followed)
  }

  const stopListening = events.subscribe((event) => {
    if (event.type !== 'decision') return
    const { worker_id: workerId, decision } = event.decision
    if (ABOUT_COMMANDS.has(decision)) return
    drop(workerId)
    if (GIVES_BLOCKS.has(decision)) follow(tell(workerId, false))
  })

  return {
    tell: (workerId) => tell(workerId, true),
    async cancel(workerId) {
      await readEntry(database.queries, workerId)
      const told = telling.get(workerId)
      if (!told) throw new EspalierError('LOAD_NOT_SENT', 'nothing was sent to it, so there is nothing to take back')
      const status = await told.now.cancel()
      if (status !== null && status !== 'already_loaded')
        await write(workerId, 'load-cancelled', told.blocks, status, 'the host')
    },
    view: (workerId) => telling.get(workerId)?.now.view ?? null,
    stop() {
      stopListening()
      isEnding = true
      for (const { now } of telling.values()) now.stop()
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
