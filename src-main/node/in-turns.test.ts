import { expect, it } from 'vitest'
import { inTurns } from './in-turns'

function counted() {
  const runs: PromiseWithResolvers<number>[] = []
  let atOnce = 0
  const ask = inTurns(async () => {
    const run = Promise.withResolvers<number>()
    runs.push(run)
    expect(++atOnce).toBe(1)
    return run.promise.finally(() => atOnce--)
  })
  return { ask, runs }
}

it('who asks while it runs shares the next run, and gets nothing that was found before the question', async () => {
  const { ask, runs } = counted()
  const first = ask()
  // Asks again in the moment in which the first run ends, before the waiting ones have begun theirs.
  const again = first.then(() => ask())
  const others = [ask(), ask(), ask()]
  expect(runs).toHaveLength(1)
  runs[0]?.resolve(1)
  await expect(first).resolves.toBe(1)
  await Promise.resolve()
  expect(runs).toHaveLength(2)
  runs[1]?.resolve(2)
  await expect(Promise.all([...others, again])).resolves.toEqual([2, 2, 2, 2])
  const last = ask()
  expect(runs).toHaveLength(3)
  runs[2]?.resolve(3)
  await expect(last).resolves.toBe(3)
})

it('a run that fails fails for those who waited for it, and not for the next', async () => {
  const { ask, runs } = counted()
  const first = ask()
  const second = ask()
  runs[0]?.reject(new Error('no'))
  await expect(first).rejects.toThrow('no')
  runs[1]?.resolve(2)
  await expect(second).resolves.toBe(2)
})
