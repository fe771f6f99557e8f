import { describe, expect, it } from 'vitest'
import { seededRandom } from '../test/models/random'
import { createSpread, type MapMark } from './spread-marks'

const WIDTH = 720
const HEIGHT = 346

const markOf = (peerId: string, x: number, y: number): MapMark => ({ peer: { peerId }, x, y })
const crowd = (count: number, x = 300, y = 100) =>
  Array.from({ length: count }, (_, index) => markOf(`12D3KooW${String(index).padStart(4, '0')}`, x, y))

/** The two that are nearest to each other, in pixels. */
function nearest(marks: readonly MapMark[]): number {
  let least = Number.POSITIVE_INFINITY
  for (const [index, a] of marks.entries())
    for (const b of marks.slice(index + 1)) least = Math.min(least, Math.hypot(a.x - b.x, a.y - b.y))
  return least
}

describe('marks that want the same point', () => {
  it('stand apart, around it; a single one stands on it', () => {
    const spread = createSpread(WIDTH, HEIGHT)
    expect(spread(crowd(1))).toEqual(crowd(1))
    const eight = spread(crowd(8))
    expect(nearest(eight)).toBeGreaterThanOrEqual(15)
    for (const { x, y } of eight) expect(Math.hypot(x - 300, y - 100)).toBeLessThan(40)
  })

  it('stand apart from those of the next country too', () => {
    const marks = [...crowd(4), markOf('neighbour', 304, 103)]
    expect(nearest(createSpread(WIDTH, HEIGHT)(marks))).toBeGreaterThanOrEqual(15)
  })

  it('look the same whatever order they come in', () => {
    const marks = crowd(30)
    const turned = createSpread(WIDTH, HEIGHT)(marks.toReversed())
    expect(turned.toReversed()).toEqual(createSpread(WIDTH, HEIGHT)(marks))
  })

  it('keep their spots while others come and go, and take the ones that are left', () => {
    const spread = createSpread(WIDTH, HEIGHT)
    const before = spread(crowd(12))
    const [first, ...others] = crowd(12)
    expect(spread(others)).toEqual(before.slice(1))
    const after = spread([...others, markOf('zz-new', 300, 100)])
    expect(after.slice(0, 11)).toEqual(before.slice(1))
    expect(after.at(-1)).toMatchObject({ x: before[0]?.x, y: before[0]?.y })
    expect(first?.peer.peerId).toBe(before[0]?.peer.peerId)
  })

  it('follow a peer whose country is another now', () => {
    const spread = createSpread(WIDTH, HEIGHT)
    spread(crowd(2))
    expect(spread([markOf('12D3KooW0000', 500, 200)])).toEqual([markOf('12D3KooW0000', 500, 200)])
  })

  it('cover a part of the map only, and stay on it, however many they are', () => {
    for (const [x, y] of [
      [300, 100],
      [2, 340],
      [715, 900],
    ] as const) {
      const marks = createSpread(WIDTH, HEIGHT)(crowd(3_000, x, y))
      expect(new Set(marks.map((mark) => `${mark.x} ${mark.y}`)).size).toBe(3_000)
      expect(marks.filter((mark) => mark.x < 0 || mark.x > WIDTH || mark.y < 0 || mark.y > HEIGHT)).toEqual([])
      const reach = marks.map((mark) => Math.hypot(mark.x - Math.min(x, WIDTH), mark.y - Math.min(y, HEIGHT)))
      expect(Math.max(...reach)).toBeLessThan(WIDTH / 3)
    }
  })

  it('leave those alone that are far from everybody', () => {
    const random = seededRandom(7)
    const lonely = Array.from({ length: 12 }, (_, index) =>
      markOf(`p${index}`, 40 + 55 * index + random(), 40 + 20 * index + random()),
    )
    expect(createSpread(WIDTH, HEIGHT)(lonely)).toEqual(lonely)
  })
})
