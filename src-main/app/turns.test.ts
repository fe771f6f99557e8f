import { expect, it } from 'vitest'
import { createTurns } from './turns'

it('lets nothing overlap, and goes on after a failure', async () => {
  const turns = createTurns()
  const seen: string[] = []
  const step = (name: string) => async () => {
    seen.push(`${name} begins`)
    await Promise.resolve()
    seen.push(`${name} ends`)
    if (name === 'a') throw new Error('a fails')
  }
  const results = await Promise.allSettled([turns.take(step('a')), turns.take(step('b'))])
  expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
})

it('tells what is under way or waits to give up when something else takes over', async () => {
  const turns = createTurns()
  const untilAborted = (signal: AbortSignal) =>
    new Promise<void>((_, reject) => {
      if (signal.aborted) reject(signal.reason)
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
  const before = [turns.take(untilAborted), turns.take(untilAborted)].map((work) =>
    expect(work).rejects.toMatchObject({ code: 'CANCELLED' }),
  )
  expect(await turns.takeOver(async (signal) => signal.aborted)).toBe(false)
  await Promise.all(before)
})
