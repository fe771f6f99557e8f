import { randomBytes } from 'node:crypto'
import { type Change, FEED_HEARTBEAT_MS, type FeedWorker } from '../../src-dashboard/feed'
import type { Clock, Disposer } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { type FeedDocuments, maskChange, maskDocuments } from './feed-mask'
import { createFeedPlaces } from './feed-places'
import type { FeedReader, FeedView } from './feed-reader'

export type { FeedReader, FeedView }

export interface FeedHub {
  /** Resolves when the reader has its first event. Throws COORDINATOR_BUSY when too many listen. */
  add(reader: FeedReader): Promise<Disposer>
  readonly readers: number
  close(): void
}

export interface FeedHubOptions {
  read(): Promise<FeedDocuments>
  /** Tells when something changed; the hub reads again. */
  subscribe(listener: () => void): Disposer
  clock: Clock
  onError(error: unknown): void
}

/** Changes within this time are one event. */
const MIN_INTERVAL_MS = 500
/** Another coordinator on the same database changes it without telling us. */
const REREAD_MS = 10_000
/** How far back a page can resume without everything being sent anew. */
const KEPT_EVENTS = 256
const KEPT_CHARS = 4 * 1024 * 1024
/** A reader that takes nothing for so long has gone without a word. */
const STUCK_MS = 30_000

type Texts = Readonly<Record<FeedView, string>>

interface ActiveReader {
  reader: FeedReader
  isBlocked: boolean
  hasMissed: boolean
  cancelStuck: Disposer
}

/** Tells any number of pages what changed, in events that each can resume from. */
export function createFeedHub(options: FeedHubOptions): FeedHub {
  const { clock } = options
  const active = new Set<ActiveReader>()
  const places = createFeedPlaces()
  // Ids of another run of the coordinator mean nothing here.
  const run = randomBytes(6).toString('hex')
  const kept: { sequence: number; texts: Texts }[] = []
  let keptChars = 0
  let sequence = 0
  let current: { documents: FeedDocuments; parts: Parts; at: number } | null = null
  let reading: Promise<void> | null = null
  let isDirty = true
  let lastReadMs = Number.NEGATIVE_INFINITY
  let cancelNext: Disposer | null = null
  let isClosed = false

  /** Reads the state once and tells what is different from the last time. */
  function refresh(): Promise<void> {
    reading ??= (async () => {
      isDirty = false
      const documents = await options.read()
      lastReadMs = clock.monotonicMs()
      const at = clock.now()
      const parts = partsOf(documents)
      if (current) publish(current.parts, documents, parts, at)
      current = { documents, parts, at }
    })().finally(() => {
      reading = null
    })
    return reading
  }

  function publish(before: Parts, documents: FeedDocuments, after: Parts, at: number): void {
    const changed = documents.workers.filter(({ key }) => before.rows.get(key) !== after.rows.get(key))
    const gone = [...before.rows.keys()].filter((key) => !after.rows.has(key))
    const change: Change = { at, workers: changed, gone }
    for (const name of ['network', 'decisions', 'usage'] as const) {
      if (before[name] !== after[name]) Object.assign(change, { [name]: documents[name] })
    }
    if (changed.length + gone.length === 0 && Object.keys(change).length === 3) return
    sequence += 1
    const texts = {
      host: eventText('change', `${run}-${sequence}`, change),
      reader: eventText('change', `${run}-${sequence}`, maskChange(change)),
    }
    kept.push({ sequence, texts })
    keptChars += texts.host.length + texts.reader.length
    while (kept.length > KEPT_EVENTS || (keptChars > KEPT_CHARS && kept.length > 1)) {
      const oldest = kept.shift()
      if (oldest) keptChars -= oldest.texts.host.length + oldest.texts.reader.length
    }
    for (const reader of active) send(reader, texts[reader.reader.view])
  }

  function send(target: ActiveReader, text: string): void {
    if (target.isBlocked) {
      target.hasMissed = true
      return
    }
    if (target.reader.write(text)) return
    target.isBlocked = true
    target.cancelStuck = clock.after(STUCK_MS, () => target.reader.end())
  }

  function onDrain(target: ActiveReader): void {
    target.isBlocked = false
    target.cancelStuck()
    if (!target.hasMissed) return
    target.hasMissed = false
    send(target, snapshotText(target.reader.view))
  }

  function snapshotText(view: FeedView): string {
    if (!current) throw new Error('nothing was read yet')
    const { documents, at } = current
    return eventText('snapshot', `${run}-${sequence}`, {
      view,
      at,
      ...(view === 'host' ? documents : maskDocuments(documents)),
    })
  }

  /** What a reader that comes back has missed; null when that is no longer known. */
  function missedSince(lastEventId: string, view: FeedView): string | null {
    const [fromRun, from] = lastEventId.split('-')
    if (fromRun !== run || !/^\d{1,15}$/.test(from ?? '')) return null
    const seen = Number(from)
    if (seen > sequence || (seen < sequence && (kept[0]?.sequence ?? Number.POSITIVE_INFINITY) > seen + 1)) return null
    const texts = kept.filter((event) => event.sequence > seen).map(({ texts }) => texts[view])
    // Even nothing is an answer: the page learns that it is up to date.
    return texts.length > 0
      ? texts.join('')
      : eventText('change', `${run}-${sequence}`, { at: clock.now(), workers: [], gone: [] })
  }

  function schedule(): void {
    if (cancelNext || isClosed || active.size === 0) return
    const sinceMs = clock.monotonicMs() - lastReadMs
    const waitMs = Math.max(0, (isDirty ? MIN_INTERVAL_MS : REREAD_MS) - sinceMs)
    cancelNext = clock.after(waitMs, () => {
      cancelNext = null
      void refresh()
        .catch(options.onError)
        .finally(() => {
          // A database that fails must not be asked without a pause.
          lastReadMs = clock.monotonicMs()
          schedule()
        })
    })
  }

  const disposers = [
    options.subscribe(() => {
      if (isDirty) return
      isDirty = true
      cancelNext?.()
      cancelNext = null
      schedule()
    }),
    clock.every(FEED_HEARTBEAT_MS, () => {
      for (const target of active) if (!target.isBlocked) send(target, ': here\n\n')
    }),
  ]

  return {
    get readers() {
      return active.size
    },
    async add(reader) {
      // Taken before anything is waited for, so that many at once are counted, too.
      const leave = places.take(reader)
      try {
        const isFresh = current && !isDirty && clock.monotonicMs() - lastReadMs < MIN_INTERVAL_MS
        if (!isFresh) await refresh()
        if (isClosed) throw new EspalierError('COORDINATOR_BUSY', 'it is about to stop')
      } catch (error) {
        leave()
        throw error
      }
      const target: ActiveReader = { reader, isBlocked: false, hasMissed: false, cancelStuck: () => undefined }
      const stopListening = reader.onDrain(() => onDrain(target))
      active.add(target)
      send(target, missedSince(reader.lastEventId, reader.view) ?? snapshotText(reader.view))
      schedule()
      return () => {
        leave()
        stopListening()
        target.cancelStuck()
        active.delete(target)
        if (active.size > 0) return
        cancelNext?.()
        cancelNext = null
      }
    },
    close() {
      isClosed = true
      for (const dispose of disposers) dispose()
      cancelNext?.()
      for (const { reader, cancelStuck } of [...active]) {
        cancelStuck()
        reader.end()
      }
      active.clear()
    },
  }
}

/** Each part as text, so that a comparison is one of strings. */
interface Parts {
  rows: ReadonlyMap<string, string>
  network: string
  decisions: string
  usage: string
}

function partsOf({ workers, network, decisions, usage }: FeedDocuments): Parts {
  return {
    rows: new Map(workers.map((worker: FeedWorker) => [worker.key, JSON.stringify(worker)])),
    network: JSON.stringify(network),
    decisions: JSON.stringify(decisions),
    usage: JSON.stringify(usage),
  }
}

function eventText(name: string, id: string, data: object): string {
  // JSON has no line breaks of its own, so one data line holds it.
  return `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
