import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { takeComputerMark } from './computer-mark'

it('D-T20: one run of an identity holds the mark of the computer, and the next gets it as soon as it is let go', async () => {
  const peer = randomUUID()
  const first = await takeComputerMark(peer)
  expect(first).not.toBeNull()
  expect(await takeComputerMark(peer)).toBeNull()
  const stranger = await takeComputerMark(randomUUID())
  expect(stranger).not.toBeNull()
  await first?.()
  const second = await takeComputerMark(peer)
  expect(second).not.toBeNull()
  await Promise.all([second?.(), stranger?.()])
})
