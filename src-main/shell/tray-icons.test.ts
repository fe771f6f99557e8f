import { expect, it } from 'vitest'
import { STATUS_SHAPES } from '../../src-shared/status'
import { drawShape, shapeBitmap } from './tray-icons'

const PAIRS = STATUS_SHAPES.flatMap((first, i) => STATUS_SHAPES.slice(i + 1).map((second) => [first, second] as const))

/** Share of the pixels that clearly differ, without looking at colour. */
function difference(first: Float32Array, second: Float32Array): number {
  return first.reduce((sum, value, i) => sum + (Math.abs(value - (second[i] ?? 0)) > 0.4 ? 1 : 0), 0) / first.length
}

it.each(PAIRS)('LOOK: %s and %s differ by their shape alone, at 16 pixels', (first, second) => {
  expect(difference(drawShape(first, 16), drawShape(second, 16))).toBeGreaterThan(0.06)
})

it.each(STATUS_SHAPES)('%s fills its place and leaves its corners free', (shape) => {
  const coverage = drawShape(shape, 16)
  const filled = coverage.reduce((sum, value) => sum + value, 0) / coverage.length
  expect(filled).toBeGreaterThan(0.12)
  expect(filled).toBeLessThan(0.7)
  expect([coverage[0], coverage[255]]).toEqual([0, 0])
})

it('the ring of work closes with its progress', () => {
  const inked = (progress: number) => drawShape('working', 32, progress).reduce((sum, value) => sum + value, 0)
  const amounts = [0, 0.25, 0.5, 0.75, 1].map(inked)
  expect(amounts).toEqual(amounts.toSorted((a, b) => a - b))
  expect(new Set(amounts).size).toBe(5)
})

it('bitmaps are premultiplied: no colour where nothing is drawn, none above its alpha', () => {
  const bitmap = shapeBitmap('problem', 32)
  expect(bitmap).toHaveLength(32 * 32 * 4)
  for (let pixel = 0; pixel < bitmap.length; pixel += 4) {
    const [blue = 0, green = 0, red = 0, alpha = 0] = bitmap.subarray(pixel, pixel + 4)
    expect(Math.max(blue, green, red)).toBeLessThanOrEqual(alpha)
  }
  expect(shapeBitmap('problem', 16, { black: true }).some((value, i) => i % 4 !== 3 && value > 0)).toBe(false)
})
