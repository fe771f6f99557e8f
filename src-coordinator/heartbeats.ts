import type { Clock } from '../src-shared/clock'
import { EspalierError } from '../src-shared/errors'
import type { CoordinatorEvents } from './coordinator-events'
import type { CoordinatorDatabase, DecisionRow } from './database/tables'
import { decide } from './decisions'
import type { Liveness } from './liveness'
import type { StandingEntry } from './roster-entries'
import { type Heartbeat, writeBeats } from './write-beats'

export interface Heartbeats {
  /** Answered when it is in the database. Throws COORDINATOR_UNKNOWN_WORKER. */
  beat(body: Heartbeat): Promise<StandingEntry>
  /** Resolves when everything that was taken is written. */
  settled(): Promise<void>
}

interface Waiting {
  body: Heartbeat
  resolve(entry: StandingEntry): void
  reject(error: unknown): void
}

const MAX_BATCH = 256
const MAX_TURNS = 6

/**
 * Takes heartbeats. Those that arrive while one transaction is under way share the next one: with one commit for
 * many, the cost of a heartbeat hardly depends on the disk. Each is answered only after its commit.
 */
export function createHeartbeats(options: {
  database: CoordinatorDatabase
  events: CoordinatorEvents
  clock: Clock
  liveness: Liveness
}): Heartbeats {
  const { clock, database, events, liveness } = options
  let waiting: Waiting[] = []
  // What heartbeats read is committed: they decide nothing about a worker's standing themselves.
  const keptDecisions = new Map<number, DecisionRow>()
  let writing: Promise<void> | null = null

  async function write(batch: readonly Waiting[]): Promise<void> {
    try {
      const now = clock.now()
      const bodies = batch.map(({ body }) => body)
      const { entries, tokens } = await decide(options, (db, note) =>
        writeBeats({ db, dialect: database.dialect, note, bodies, now, keptDecisions }),
      )
      liveness.heard([...entries.keys()])
      for (const { body, resolve, reject } of batch) {
        const entry = entries.get(body.worker_id)
        if (entry) resolve(entry)
        else reject(new EspalierError('COORDINATOR_UNKNOWN_WORKER', body.worker_id))
      }
      events.emit({ type: 'workers', workerIds: [...entries.keys()] })
      if (tokens > 0) events.emit({ type: 'usage', tokens })
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      await gather()
      const batch = waiting.slice(0, MAX_BATCH)
      waiting = waiting.slice(MAX_BATCH)
      await write(batch)
    }
  }

  /** Waits while the event loop still has requests at hand: many at once are much cheaper. A single one hardly waits. */
  async function gather(): Promise<void> {
    let seen = 0
    for (let turn = 0; turn < MAX_TURNS && waiting.length > seen && waiting.length < MAX_BATCH; turn += 1) {
      seen = waiting.length
      await new Promise<void>((done) => setImmediate(done))
    }
  }

  return {
    beat: (body) =>
      new Promise((resolve, reject) => {
        waiting.push({ body, resolve, reject })
        writing ??= writeAll().finally(() => {
          writing = null
        })
      }),
    settled: async () => {
      await writing
    },
  }
}
