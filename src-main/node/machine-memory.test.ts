import { totalmem } from 'node:os'
import { expect, it } from 'vitest'
import { machineMemoryBytes } from './machine-memory'

it('H-46: what a container may use counts, and not what its computer has', () => {
  expect(machineMemoryBytes(32e9, 4e9)).toBe(4e9)
  expect([machineMemoryBytes(32e9, 0), machineMemoryBytes(32e9, 2 ** 64)]).toEqual([32e9, 32e9])
  expect(machineMemoryBytes()).toBeLessThanOrEqual(totalmem())
  expect(machineMemoryBytes()).toBeGreaterThan(0)
})
