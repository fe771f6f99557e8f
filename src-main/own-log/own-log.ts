import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import * as z from 'zod'
import type { Clock } from '../../src-shared/clock'
import { plainText } from '../coordinator/plain-text'
import { readFileIfThere } from '../storage/atomic-file'
import { tellWrite } from '../storage/write-watch'

export const OwnEventSchema = z.object({
  /** Peer id, a slash, and which of its files: a node that lost its file begins a new series. */
  author: z.string().regex(/^[A-Za-z0-9]{20,120}\/[0-9a-f]{8}$/),
  /** Of this author, from 1 on without a gap. */
  seq: z.int().min(1),
  /** Larger than that of every event that its author knew of: what caused something stands before it. */
  lamport: z.int().min(1),
  /** By the author's clock, ms since the Unix epoch. */
  at: z.number().min(0).max(1e15),
  name: z.string().max(64),
  level: z.enum(['info', 'warn', 'error']),
  code: z.string().max(80),
  message: z.string().max(500),
})
export type OwnEvent = z.output<typeof OwnEventSchema>

/** How far a log knows each author: its highest `seq`. */
export type KnownUpTo = Readonly<Record<string, number>>

/** What happened on all nodes of one person, as far as this one has heard. A set that only grows. */
export interface OwnLog {
  /** Resolves when it is on disk; only then may others be told. */
  add(event: Pick<OwnEvent, 'level' | 'code' | 'message'>): Promise<void>
  knownUpTo(): KnownUpTo
  /** What a log that knows so much lacks, by author and number; at most `limit`. */
  missingFrom(known: KnownUpTo, limit: number): OwnEvent[]
  /** Takes what is new; resolves to how many that were, when they are on disk. */
  merge(events: readonly OwnEvent[]): Promise<number>
  /** Causes before effects, the same order on every node. */
  list(): OwnEvent[]
  close(): Promise<void>
}

/** Of one author; what comes after stands in its own log files alone. */
const MAX_EVENTS = 20_000
const MAX_AUTHORS = 64
const AuthorSchema = OwnEventSchema.shape.author
const HeaderSchema = z.object({ author: AuthorSchema })

/**
 * Opens the file: a line that says which series is ours, then a JSON line an event. A last line that a crash cut short
 * is dropped: nobody was told of it.
 */
export async function openOwnLog(options: {
  path: string
  clock: Clock
  peerId: string
  name: string
}): Promise<OwnLog> {
  const { clock, path, peerId } = options
  const byAuthor = new Map<string, OwnEvent[]>()
  let lamport = 0
  const lengthOf = (author: string) => byAuthor.get(author)?.length ?? 0
  function keep(event: OwnEvent): void {
    const known = byAuthor.get(event.author) ?? []
    known.push(event)
    byAuthor.set(event.author, known)
    lamport = Math.max(lamport, event.lamport)
  }
  /** Those that follow what is known, without a gap. */
  function following(events: readonly OwnEvent[]): OwnEvent[] {
    const next = new Map<string, number>()
    return events.filter(({ author, seq }) => {
      const wanted = next.get(author) ?? lengthOf(author) + 1
      const isNew = seq === wanted && seq <= MAX_EVENTS
      const hasRoom = byAuthor.has(author) || next.has(author) || byAuthor.size + next.size < MAX_AUTHORS
      if (!isNew || !hasRoom) return false
      next.set(author, wanted + 1)
      return true
    })
  }

  const found = await readLines(path)
  const header = HeaderSchema.safeParse(found.values[0])
  const kept = following(found.values.flatMap((value) => OwnEventSchema.safeParse(value).data ?? []))
  for (const event of kept) keep(event)
  // With another key, and where lines are damaged, a new series begins: a number must never mean two events. What was
  // lost of the old one comes back from the others.
  const isWhole = kept.length === found.values.length - 1
  const isOurs = isWhole && header.success && header.data.author.startsWith(`${peerId}/`)
  const author = isOurs ? header.data.author : `${peerId}/${randomBytes(4).toString('hex')}`
  const file = await open(path, 'a', 0o600)
  await file.truncate(isOurs ? found.wholeBytes : 0)
  const write = async (values: readonly object[]) => {
    try {
      await file.appendFile(values.map((value) => `${JSON.stringify(value)}\n`).join(''))
      await file.datasync()
      tellWrite(path, null)
    } catch (error) {
      tellWrite(path, error)
      throw error
    }
  }
  if (!isOurs) await write([{ author }, ...[...byAuthor.values()].flat()])
  let turn: Promise<unknown> = Promise.resolve()
  /** One change after the other: a number is given out when the one before is on disk. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = turn.then(work)
    turn = done.catch(() => undefined)
    return done
  }

  return {
    add: ({ level, code, message }) =>
      inTurn(async () => {
        const event: OwnEvent = {
          author,
          seq: lengthOf(author) + 1,
          lamport: lamport + 1,
          at: clock.now(),
          name: plainText(options.name, 64),
          level,
          code: code.slice(0, 80),
          message: plainText(message, 500),
        }
        if (event.seq > MAX_EVENTS) return
        await write([event])
        keep(event)
      }),
    knownUpTo: () => Object.fromEntries([...byAuthor].map(([name, events]) => [name, events.length])),
    missingFrom(known, limit) {
      const missing: OwnEvent[] = []
      for (const [name, events] of byAuthor) {
        const from = known[name] ?? 0
        missing.push(...events.slice(from, from + limit - missing.length))
      }
      return missing
    },
    merge: (events) =>
      inTurn(async () => {
        // Nobody else writes our series.
        const fresh = following(events.filter((event) => event.author !== author))
        if (fresh.length > 0) await write(fresh)
        for (const event of fresh) keep(event)
        return fresh.length
      }),
    list: () => [...byAuthor.values()].flat().sort(inOrder),
    close: () => inTurn(() => file.close()),
  }
}

/** The events in a file that another program may be writing, in order; none when there is no such file. */
export async function readOwnEvents(path: string): Promise<OwnEvent[]> {
  const { values } = await readLines(path)
  return values.flatMap((value) => OwnEventSchema.safeParse(value).data ?? []).sort(inOrder)
}

/** Every event has its own place: authors write apart from each other, so two may have the same Lamport time. */
function inOrder(a: OwnEvent, b: OwnEvent): number {
  return a.lamport - b.lamport || (a.author < b.author ? -1 : a.author > b.author ? 1 : a.seq - b.seq)
}

async function readLines(path: string): Promise<{ values: unknown[]; wholeBytes: number }> {
  const bytes = (await readFileIfThere(path)) ?? new Uint8Array()
  const wholeBytes = bytes.lastIndexOf(0x0a) + 1
  const lines = new TextDecoder().decode(bytes.subarray(0, wholeBytes)).split('\n')
  return { values: lines.filter((line) => line !== '').map(parsed), wholeBytes }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
