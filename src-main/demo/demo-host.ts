import * as z from 'zod'
import type { Clock, Disposer } from '../../src-shared/clock'

export interface WaitingWorker {
  readonly worker_id: string
  readonly nickname: string
}

const WorkersSchema = z.object({
  workers: z.array(z.object({ worker_id: z.string(), nickname: z.string(), status: z.string() })),
})
const INTERVAL_MS = 300
/** The demo is told apart from real networks by its own words, too. */
const REASON = 'Welcome to the demonstration'

/**
 * Plays the host of a demo network: asks the coordinator who waits, as a dashboard does, and approves those that
 * `choose` names, in that order, over the same HTTP endpoint.
 */
export function startDemoHost(options: {
  url: string
  adminToken: string
  clock: Clock
  choose(waiting: readonly WaitingWorker[]): readonly WaitingWorker[]
}): Disposer {
  const { url, adminToken, clock } = options
  const stopping = new AbortController()
  const { signal } = stopping
  const authorization = `Bearer ${adminToken}`
  const round = async () => {
    const reply = await fetch(`${url}/workers`, { headers: { authorization }, signal })
    const { workers } = WorkersSchema.parse(await reply.json())
    for (const { worker_id } of options.choose(workers.filter(({ status }) => status === 'pending'))) {
      await fetch(`${url}/workers/${worker_id}/approve`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ reason: REASON }),
        signal,
      })
    }
  }
  const loop = async () => {
    while (!signal.aborted) {
      // The coordinator may be busy; the next round asks again, and who waits in vain says so.
      await round().catch(() => undefined)
      await clock.sleep(INTERVAL_MS, signal).catch(() => undefined)
    }
  }
  void loop()
  return () => stopping.abort()
}
