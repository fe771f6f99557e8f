import { expect, it } from 'vitest'
import { freeSpent } from './spent-bytes'

const MIB = 2 ** 20

it('gives memory back at once, and not when V8 comes round to it', () => {
  const before = process.memoryUsage().arrayBuffers
  let highest = before
  for (let made = 0; made < 512; made++) {
    const bytes = new Uint8Array(MIB)
    freeSpent(bytes)
    expect(bytes.byteLength).toBe(0)
    highest = Math.max(highest, process.memoryUsage().arrayBuffers)
  }
  expect(highest - before).toBeLessThan(4 * MIB)
})

it('leaves alone what others still read: a part, a small buffer out of the common pool, shared memory', () => {
  const whole = Uint8Array.of(1, 2, 3)
  const pooled = Buffer.from('pooled')
  const shared = new Uint8Array(new SharedArrayBuffer(3))
  for (const bytes of [whole.subarray(0, 2), whole.subarray(1), pooled, shared]) freeSpent(bytes)
  expect([...whole]).toEqual([1, 2, 3])
  expect(pooled.toString()).toBe('pooled')
  expect(shared).toHaveLength(3)
})
