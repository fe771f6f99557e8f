import * as z from 'zod'
import type { Clock } from '../../src-shared/clock'
import {
  type CoordinatorView,
  MAX_TIMELINE,
  type Notice,
  type TimelineEntry,
  TimelineEntrySchema,
  type TimelineKind,
} from '../../src-shared/coordinator-view'
import type { DecisionWords, LinkEvent } from '../coordinator/link-events'

/** The shape of the file in which the timeline outlives the process. */
export const StandingMemorySchema = z.object({
  coordinatorUrl: z.string(),
  timeline: z.array(z.custom<TimelineEntry>((entry) => TimelineEntrySchema.safeParse(entry).success)).max(MAX_TIMELINE),
})
export type StandingMemory = z.output<typeof StandingMemorySchema>

export interface StandingStore {
  load(): Promise<StandingMemory | null>
  save(memory: StandingMemory): Promise<void>
}

export interface CoordinatorStanding {
  /** Reads what happened before; what another coordinator said is left out. */
  load(): Promise<void>
  onEvent(event: LinkEvent): void
  /** A person asked again. */
  askedAgain(): void
  /** Sets, replaces or (with null) takes back the notice with this id. */
  notice(id: string, notice: Omit<Notice, 'id'> | null): void
  network(facts: { quantization: string | null; recommendedSplit: number | null }): void
  view(state: string): CoordinatorView
}

/** The documented sweep runs every 30 s, so that being dropped takes up to that much longer. */
const SWEEP_SLACK_MS = 30_000
const NOBODY: DecisionWords = { reason: '', by: '', at: null }

/** Keeps what a person wants to know about the coordinator: who decided what and why, and how long it has been silent. */
export function createCoordinatorStanding(options: {
  coordinatorUrl: string
  clock: Clock
  store: StandingStore
  onChange(): void
  /** The timeline could not be written or read; it goes on in memory. */
  onStoreError(error: unknown): void
}): CoordinatorStanding {
  const { coordinatorUrl, clock, store } = options
  let timeline: TimelineEntry[] = []
  let answeredAt: number | null = null
  let dropAt: number | null = null
  let facts: Pick<CoordinatorView, 'quantization' | 'recommendedSplit'> = { quantization: null, recommendedSplit: null }
  const notices = new Map<string, Notice>()
  let saving: Promise<unknown> = Promise.resolve()

  function add(kind: TimelineKind, words: DecisionWords = NOBODY, blocks: TimelineEntry['blocks'] = null): void {
    const last = timeline.at(-1)
    const entry = { at: words.at ?? clock.now(), kind, by: words.by, reason: words.reason, blocks }
    // After a restart the coordinator says again what it said before; that is no news.
    const isKnown = timeline.some((one) => words.at !== null && one.kind === kind && one.at === words.at)
    const isRepeated = last?.kind === kind && last.reason === entry.reason && sameBlocks(last.blocks, blocks)
    if (isKnown || (isRepeated && words.at === null)) return
    timeline = [...timeline, entry].slice(-MAX_TIMELINE)
    const memory = { coordinatorUrl, timeline }
    saving = saving.then(() => store.save(memory)).catch(options.onStoreError)
  }

  function answered(at: number): void {
    if (dropAt !== null) add('answers-again')
    answeredAt = at
    dropAt = null
  }

  function take(event: LinkEvent): void {
    switch (event.type) {
      case 'registered':
        answered(event.evidence.at)
        break
      case 'pending':
        // Still the same question, also after a restart of either side.
        if (timeline.at(-1)?.kind === 'waiting') break
        if (timeline.at(-1)?.kind !== 'asked-again') add('asked')
        add('waiting')
        break
      case 'approved':
        add('approved', event, event.range)
        break
      case 'assignment-changed':
        add('reassigned', event, event.range)
        break
      case 'standby':
      case 'rejected':
        add(event.type, event)
        break
      case 'unknown-status':
        set('unknown-status', {
          tone: 'warn',
          text: `Unknown state from the coordinator: “${event.word}”. Nothing was changed because of it.`,
        })
        break
      case 'heartbeat-ok':
        answered(event.at)
        break
      case 'heartbeat-failed':
        if (dropAt === null) add('silent', { ...NOBODY, reason: event.report.cause.slice(0, 300) })
        dropAt = event.deadlineAt
        break
      case 'forgotten':
        add('forgotten')
        break
      case 'initial-peers':
      case 'register-failed':
      case 'memory-failed':
        break
    }
    const isDecision = ['pending', 'approved', 'assignment-changed', 'standby', 'rejected'].includes(event.type)
    if (isDecision) set('unknown-status', null)
  }

  function set(id: string, notice: Omit<Notice, 'id'> | null): void {
    if (notice) notices.set(id, { id, ...notice })
    else notices.delete(id)
  }

  return {
    async load() {
      const saved = await store.load().catch((error: unknown) => {
        options.onStoreError(error)
        return null
      })
      if (saved?.coordinatorUrl === coordinatorUrl) timeline = [...saved.timeline, ...timeline].slice(-MAX_TIMELINE)
    },
    onEvent(event) {
      take(event)
      options.onChange()
    },
    askedAgain() {
      add('asked-again')
      options.onChange()
    },
    notice(id, notice) {
      set(id, notice)
      options.onChange()
    },
    network(next) {
      facts = next
      options.onChange()
    },
    view: (state) => ({
      state,
      answeredAt,
      dropAt,
      sweepSlackMs: SWEEP_SLACK_MS,
      ...facts,
      notices: [...notices.values()].slice(0, 10),
      timeline,
    }),
  }
}

function sameBlocks(a: TimelineEntry['blocks'], b: TimelineEntry['blocks']): boolean {
  return a?.start === b?.start && a?.end === b?.end
}
