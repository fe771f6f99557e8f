import { describe, expect, it } from 'vitest'
import { createBoundedMap } from './bounded-map'

describe('createBoundedMap', () => {
  it('H-08: 10,050 insertions leave 10,000; those used longest ago are gone', () => {
    const map = createBoundedMap<number>(10_000)
    for (let i = 0; i < 10_050; i++) map.set(`s${i}`, i)
    expect(map.size).toBe(10_000)
    expect(map.dropped).toBe(50)
    expect(map.get('s49')).toBeUndefined()
    expect(map.get('s50')).toBe(50)
    expect(map.get('s10049')).toBe(10_049)
  })

  it('H-35: what is used stays, and what is set again counts once', () => {
    const map = createBoundedMap<number>(3)
    for (const key of ['a', 'b', 'c']) map.set(key, 1)
    map.get('a')
    map.set('b', 2)
    map.set('d', 1)
    expect([...map.entries()]).toEqual([
      ['a', 1],
      ['b', 2],
      ['d', 1],
    ])
    map.delete('a')
    map.set('e', 1)
    expect(map.size).toBe(3)
    expect(map.get('b')).toBe(2)
  })

  it('H-08: does not grow over a million insertions', () => {
    const map = createBoundedMap<number>(100)
    for (let i = 0; i < 1_000_000; i++) map.set(String(i), i)
    expect(map.size).toBe(100)
    expect(map.dropped).toBe(999_900)
  })
})
