import { z } from 'zod'
import { EMPTY_LEDGER, forAnother } from './token-ledger'
import { WORKER_STATES } from './worker-state'

const whole = z.int().min(0)
/** Of other coordinators; one that comes after so many is of no use to anybody. */
const MAX_OWED = 8
const OWED_LIFETIME_MS = 7 * 86_400_000

/** What the link must not forget when the process dies. The shape of its file. */
export const LinkMemorySchema = z.object({
  version: z.literal(1),
  baseUrl: z.string(),
  workerId: z.string(),
  state: z.enum(WORKER_STATES),
  assignment: z.object({ model: z.string(), range: z.object({ start: whole, end: whole }) }).nullable(),
  /** Whether this coordinator understands sequence numbers. */
  knowsSeq: z.boolean(),
  /** Whether this network has approved us before. Files of earlier releases do not say. */
  wasIn: z.boolean().default(false),
  /** The network that the coordinator named when it last registered us; null: it named none. */
  networkId: z.string().nullable().default(null),
  ledger: z.object({
    total: whole,
    settled: whole,
    // Files of earlier releases have no requests.
    requests: z.object({ total: whole, settled: whole }).default({ total: 0, settled: 0 }),
    nextSeq: z.int().min(1),
    inFlight: z.object({ seq: z.int().min(1), tokens: whole, requests: whole.default(0) }).nullable(),
  }),
  /** Sign-offs that no coordinator has heard: it was away, and the node had to end. */
  owed: z
    .array(z.object({ baseUrl: z.string(), workerId: z.string(), at: z.number() }))
    .max(MAX_OWED)
    .default([]),
})
export type LinkMemory = z.output<typeof LinkMemorySchema>

/** Where the link's memory is kept: `jsonFile(path, LinkMemorySchema)`, or a variable in tests. */
export interface LinkStore {
  load(): Promise<LinkMemory | null>
  /** Atomic: after a crash the old or the new memory is there. */
  save(memory: LinkMemory): Promise<void>
}

/** Memory of another coordinator or identity keeps only the count: what that one was told is settled. */
export function memoryFor(saved: LinkMemory | null, baseUrl: string, workerId: string): LinkMemory {
  const fresh: LinkMemory = {
    version: 1,
    baseUrl,
    workerId,
    state: 'unregistered',
    assignment: null,
    knowsSeq: false,
    wasIn: false,
    networkId: null,
    ledger: EMPTY_LEDGER,
    owed: saved?.owed ?? [],
  }
  if (saved === null) return fresh
  if (saved.baseUrl === baseUrl && saved.workerId === workerId) return saved
  return { ...fresh, ledger: forAnother(saved.ledger) }
}

/** A sign-off that did not arrive, kept for later (C-20). */
export function oweSignOff(memory: LinkMemory, now: number): LinkMemory {
  const { baseUrl, workerId } = memory
  return { ...memory, owed: [...settleSignOff(memory, memory).owed, { baseUrl, workerId, at: now }].slice(-MAX_OWED) }
}

/** Arrived, or of no use any more: whoever registers again has taken it back. */
export function settleSignOff(memory: LinkMemory, of: { baseUrl: string; workerId: string }): LinkMemory {
  return { ...memory, owed: memory.owed.filter((one) => one.baseUrl !== of.baseUrl || one.workerId !== of.workerId) }
}

export function dueSignOffs({ owed, baseUrl, workerId }: LinkMemory, now: number): LinkMemory['owed'] {
  const isDue = (one: LinkMemory['owed'][number]) => one.baseUrl !== baseUrl || one.workerId !== workerId
  return owed.filter((one) => isDue(one) && now - one.at < OWED_LIFETIME_MS)
}
