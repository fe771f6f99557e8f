import type { Clock } from '../src-shared/clock'
import { EspalierError } from '../src-shared/errors'
import type { CoordinatorEvents } from './coordinator-events'
import type { CoordinatorDatabase, CoordinatorQueries } from './database/tables'
import { decide } from './decisions'
import type { HostedModel } from './hosted-model'

export interface NetworkSettings {
  /** Into how many ranges the model is split. */
  targetWorkers: number
  /** The model that new assignments are of: the first hosted one of the chosen quantization. Null: none is hosted. */
  model: HostedModel | null
}

export interface NetworkSettingsStore {
  /** At most a second old, where another coordinator made the change. */
  read(): Promise<NetworkSettings>
  readWith(db: CoordinatorQueries): Promise<NetworkSettings>
  /** Counts for later assignments; workers keep the blocks that they have. */
  setTargetWorkers(count: number, decidedBy: string): Promise<void>
  /** Later assignments are of this quantization; workers keep the blocks that they have. Throws BAD_ARGUMENT. */
  setQuantization(mode: string, decidedBy: string): Promise<HostedModel>
}

const MAX_AGE_MS = 1_000

/** What the host has set, kept in the database. */
export function createNetworkSettings(options: {
  database: CoordinatorDatabase
  events: CoordinatorEvents
  clock: Clock
  models: readonly HostedModel[]
  /** Until the host sets another number. */
  defaultTargetWorkers: number
}): NetworkSettingsStore {
  const { clock, database, models } = options
  let kept: { settings: NetworkSettings; at: number } | null = null

  async function readWith(db: CoordinatorQueries): Promise<NetworkSettings> {
    const rows = await db.selectFrom('settings').selectAll().execute()
    const values = new Map(rows.map(({ name, value }) => [name, value]))
    const quantization = values.get('quantization')
    return {
      targetWorkers: Number(values.get('target_workers') ?? options.defaultTargetWorkers),
      // A model that is no longer hosted gives way to the first one.
      model: models.find((model) => model.quantization === quantization) ?? models[0] ?? null,
    }
  }

  async function set(name: string, value: string, decision: 'quantization' | 'target-workers', decidedBy: string) {
    await decide(
      options,
      async (db, note) => {
        await db
          .insertInto('settings')
          .values({ name, value })
          .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
          .execute()
        await note({ worker_id: '', decision, reason: value, decided_by: decidedBy, decided_at: clock.now() })
      },
      { durable: true },
    )
    kept = null
  }

  return {
    readWith,
    async read() {
      const now = clock.monotonicMs()
      if (kept && now - kept.at < MAX_AGE_MS) return kept.settings
      const settings = await readWith(database.queries)
      kept = { settings, at: now }
      return settings
    },
    setTargetWorkers: (count, decidedBy) => set('target_workers', String(count), 'target-workers', decidedBy),
    async setQuantization(mode, decidedBy) {
      const model = models.find(({ quantization }) => quantization.toLowerCase() === mode.toLowerCase())
      if (!model) {
        const hosted = [...new Set(models.map(({ quantization }) => quantization))].join(', ') || 'nothing'
        throw new EspalierError('BAD_ARGUMENT', `no model is hosted in ${mode.slice(0, 40)}; hosted: ${hosted}`)
      }
      await set('quantization', model.quantization, 'quantization', decidedBy)
      return model
    },
  }
}
