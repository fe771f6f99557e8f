import { z } from 'zod'
import { EMPTY_LEDGER } from './token-ledger'
import { WORKER_STATES } from './worker-state'

const whole = z.int().min(0)

/** What the link must not forget when the process dies. The shape of its file. */
export const LinkMemorySchema = z.object({
  version: z.literal(1),
  baseUrl: z.string(),
  workerId: z.string(),
  state: z.enum(WORKER_STATES),
  assignment: z.object({ model: z.string(), range: z.object({ start: whole, end: whole }) }).nullable(),
  /** Whether this coordinator understands sequence numbers. */
  knowsSeq: z.boolean(),
  ledger: z.object({
    total: whole,
    settled: whole,
    nextSeq: z.int().min(1),
    inFlight: z.object({ seq: z.int().min(1), tokens: whole }).nullable(),
  }),
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
    ledger: EMPTY_LEDGER,
  }
  if (saved === null) return fresh
  if (saved.baseUrl === baseUrl && saved.workerId === workerId) return saved
  return { ...fresh, ledger: { ...EMPTY_LEDGER, total: saved.ledger.total, settled: saved.ledger.total } }
}
