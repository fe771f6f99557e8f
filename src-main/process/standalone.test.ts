import { expect, it } from 'vitest'
import { standalone } from './standalone'

it('gives views memory of their own, wherever they are in the message', () => {
  const pool = new Float32Array([0, 1, 2, 3, 4, 5])
  const whole = new Int32Array([1, 2])
  const message = { id: 1, items: [{ hidden: pool.subarray(2, 4), whole }], bytes: Buffer.from('xaby').subarray(1, 3) }
  const own = standalone(message) as { items: [{ hidden: Float32Array; whole: Int32Array }]; bytes: Uint8Array }
  const { hidden } = own.items[0]
  expect(hidden).toEqual(new Float32Array([2, 3]))
  expect(hidden.buffer.byteLength).toBe(8)
  expect([...own.bytes]).toEqual([97, 98])
  expect(own.bytes.buffer.byteLength).toBe(2)
  // What owns its memory already is not copied.
  expect(own.items[0].whole).toBe(whole)
})

it('leaves everything else as it is', () => {
  const date = new Date(0)
  const message = { text: 'x', none: null, nothing: undefined, list: [1, 'a', true], date, big: 3n }
  expect(standalone(message)).toEqual(message)
  expect((standalone(message) as { date: Date }).date).toBe(date)
})
