import type { EntrySession } from '../entry-sessions'
import type { ReplayRecord } from './replay-record'

/** Answers that may be on their way while a replay goes on: below what stages and entries keep waiting. */
const WINDOW = 8

/**
 * Runs a session's recorded batches through a new one, in the same chunks and with the same answers asked for. The
 * answers that were handed on before are compared and dropped; one that was still expected is left to the caller.
 * Gives the number of answers that came out differently: none, between machines that compute alike.
 */
export async function replay(session: EntrySession, record: ReplayRecord): Promise<number> {
  let asked = 0
  let heard = 0
  let different = 0
  const hear = async () => {
    const { token } = await session.nextResult()
    if (token !== record.answers[heard]) different++
    heard++
  }
  for (let index = 0; index < record.batches; index++) {
    const step = record.step(index)
    if (!step) break
    await session.send(step.tokens, step.position, step.wantsAnswer)
    if (!step.wantsAnswer || asked === record.answers.length) continue
    asked++
    if (asked - heard >= WINDOW) await hear()
  }
  while (heard < asked) await hear()
  return different
}
