import type { Clock, Disposer } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import type { EventLog } from '../storage/event-log'
import type { MonitorState, Observation } from './monitor-state'

/** What is served: the last crawl that read anything, and since when there was no newer one. */
export type Snapshot = MonitorState & {
  /** Unix seconds; null while the last crawl is what is shown. */
  stale_since: number | null
  /** Crawls since then that read nothing or failed. */
  crawls_held: number
}

export interface Crawler {
  readonly snapshot: Snapshot | null
  /** Resolves when this crawl is over. Never rejects. */
  crawl(): Promise<void>
  start(): void
  stop: Disposer
}

/**
 * Looks at the network again and again. A crawl that reads nothing looks just like an empty network, so what was seen
 * before is kept and said to be old; only a first crawl may be empty.
 */
export function createCrawler(options: {
  look: () => Promise<Observation>
  periodMs: number
  clock: Clock
  log: EventLog
}): Crawler {
  const { clock, log, periodMs } = options
  let snapshot: Snapshot | null = null
  let stopped = false
  let cancel: Disposer = () => undefined

  function hold(why: string): void {
    log.write('warn', 'crawl.held', why)
    if (!snapshot) return
    snapshot = {
      ...snapshot,
      stale_since: snapshot.stale_since ?? clock.now() / 1000,
      crawls_held: snapshot.crawls_held + 1,
    }
  }

  async function crawl(): Promise<void> {
    try {
      const { state } = await options.look()
      const rows = state.model_reports.reduce((sum, { server_rows }) => sum + server_rows.length, 0)
      const hadRows = snapshot?.model_reports.some(({ server_rows }) => server_rows.length > 0) ?? false
      if (rows === 0 && hadRows) hold('the crawl read nothing; the last good one is kept')
      else snapshot = { ...state, stale_since: null, crawls_held: 0 }
    } catch (error) {
      hold(`the crawl failed (${messageOf(error)}); the last good one is kept`)
    }
  }

  async function round(): Promise<void> {
    await crawl()
    if (!stopped) cancel = clock.after(periodMs, () => void round())
  }

  return {
    get snapshot() {
      return snapshot
    },
    crawl,
    start: () => void round(),
    stop() {
      stopped = true
      cancel()
    },
  }
}
