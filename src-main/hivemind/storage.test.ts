import { beforeEach, describe, expect, test } from 'vitest'
import { dhtIdOf } from './dht-id'
import { DictionaryValue } from './msgpack'
import { decodeMsgpack } from './msgpack-decode'
import { createDhtStorage, ExpiringStore, serializeStored } from './storage'

const NOW_S = 1_700_000_000
const id = dhtIdOf('Tiny-Jargon-8.0')
const value = (text: string) => new TextEncoder().encode(text)
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

const time = { nowS: NOW_S }
const clock = { now: () => time.nowS * 1000, monotonicMs: () => time.nowS * 1000 }
let store: ExpiringStore

beforeEach(() => {
  time.nowS = NOW_S
  store = new ExpiringStore(clock)
})

type Step = ['regular' | 'entry a' | 'entry b', number, boolean]

describe('freshness: the later expiration stays, an equal one is refused', () => {
  const table: [string, Step[], 'regular' | 'dictionary' | null][] = [
    ['expired', [['regular', -1, false]], null],
    ['expiring right now', [['regular', 0, true]], 'regular'],
    ['regular on nothing', [['regular', 10, true]], 'regular'],
    [
      'regular, equal',
      [
        ['regular', 10, true],
        ['regular', 10, false],
      ],
      'regular',
    ],
    [
      'regular, earlier',
      [
        ['regular', 10, true],
        ['regular', 9, false],
      ],
      'regular',
    ],
    [
      'regular, later',
      [
        ['regular', 10, true],
        ['regular', 11, true],
      ],
      'regular',
    ],
    [
      'entry, equal',
      [
        ['entry a', 10, true],
        ['entry a', 10, false],
      ],
      'dictionary',
    ],
    [
      'entry, earlier',
      [
        ['entry a', 10, true],
        ['entry a', 9, false],
      ],
      'dictionary',
    ],
    [
      'entry, later',
      [
        ['entry a', 10, true],
        ['entry a', 11, true],
      ],
      'dictionary',
    ],
    [
      'another entry, earlier',
      [
        ['entry a', 10, true],
        ['entry b', 5, true],
      ],
      'dictionary',
    ],
    [
      'entry on a newer regular value',
      [
        ['regular', 10, true],
        ['entry a', 9, true],
      ],
      'dictionary',
    ],
    [
      'entry on an equal regular value',
      [
        ['regular', 10, true],
        ['entry a', 10, true],
      ],
      'dictionary',
    ],
    [
      'entry on an older regular value',
      [
        ['regular', 10, true],
        ['entry a', 11, true],
      ],
      'dictionary',
    ],
    [
      'regular on an older dictionary, which many wrote',
      [
        ['entry a', 10, true],
        ['entry b', 12, true],
        ['regular', 13, false],
      ],
      'dictionary',
    ],
    [
      'regular on a dictionary with a later entry',
      [
        ['entry a', 10, true],
        ['entry b', 12, true],
        ['regular', 11, false],
      ],
      'dictionary',
    ],
    [
      'not a number',
      [
        ['regular', Number.NaN, false],
        ['entry a', Number.NaN, false],
      ],
      null,
    ],
    ['for ever', [['regular', Number.POSITIVE_INFINITY, false]], null],
  ]
  test.each(table)('%s', (_name, steps, kind) => {
    for (const [what, inS, expected] of steps) {
      const stored =
        what === 'regular'
          ? store.storeRegular(id, value(what), NOW_S + inS)
          : store.storeEntry(id, what, value(what), NOW_S + inS)
      expect(stored).toBe(expected)
    }
    expect(store.get(id)?.kind ?? null).toBe(kind)
  })
})

test('entries expire one by one, and a key with its last entry', () => {
  store.storeEntry(id, 'a', value('1'), NOW_S + 5)
  store.storeEntry(id, 'b', value('2'), NOW_S + 10)
  time.nowS = NOW_S + 5.5
  const found = store.get(id)
  expect(found?.kind === 'dictionary' && [...found.entries.keys()]).toEqual(['b'])
  time.nowS = NOW_S + 10.5
  expect(store.get(id)).toBeNull()
  expect(store.keyCount).toBe(0)
})

test('a served dictionary holds text subkeys and its latest expiration', () => {
  store.storeEntry(id, 'a', value('1'), NOW_S + 5)
  store.storeEntry(id, 'b', value('2'), NOW_S + 3)
  const decoded = decodeMsgpack(serializeStored(store.get(id)!)) as DictionaryValue
  expect(decoded).toBeInstanceOf(DictionaryValue)
  expect(decoded.latestExpirationS).toBe(NOW_S + 5)
  expect(decoded.entries.map((entry) => [entry.subkey, entry.expirationS])).toEqual([
    ['a', NOW_S + 5],
    ['b', NOW_S + 3],
  ])
})

test('what is kept does not change with the caller’s bytes', () => {
  const bytes = value('before')
  store.storeRegular(id, bytes, NOW_S + 5)
  bytes.fill(0)
  const found = store.get(id)
  expect(found?.kind === 'regular' && new TextDecoder().decode(found.value)).toBe('before')
})

describe('bounds', () => {
  const small = (limits: object) => new ExpiringStore(clock, limits)

  test('keys, and room again once some have expired', () => {
    const bounded = small({ maxKeys: 2 })
    expect(bounded.storeRegular(dhtIdOf('1'), value('x'), NOW_S + 5)).toBe(true)
    expect(bounded.storeRegular(dhtIdOf('2'), value('x'), NOW_S + 50)).toBe(true)
    expect(bounded.storeRegular(dhtIdOf('3'), value('x'), NOW_S + 50)).toBe(false)
    expect(bounded.storeRegular(dhtIdOf('2'), value('y'), NOW_S + 51)).toBe(true)
    time.nowS = NOW_S + 6
    expect(bounded.storeRegular(dhtIdOf('3'), value('x'), NOW_S + 50)).toBe(true)
  })

  test('entries per key', () => {
    const bounded = small({ maxEntriesPerKey: 2 })
    expect(['a', 'b', 'c'].map((subkey) => bounded.storeEntry(id, subkey, value('x'), NOW_S + 5))).toEqual([
      true,
      true,
      false,
    ])
    expect(bounded.storeEntry(id, 'a', value('x'), NOW_S + 6)).toBe(true)
  })

  test('sizes of values, subkeys and of everything together', () => {
    const bounded = small({ maxValueBytes: 4, maxSubkeyBytes: 2, maxTotalBytes: 10 })
    expect(bounded.storeRegular(id, value('12345'), NOW_S + 5)).toBe(false)
    expect(bounded.storeEntry(id, 'abc', value('1'), NOW_S + 5)).toBe(false)
    expect(bounded.storeEntry(id, 'a', value('1234'), NOW_S + 5)).toBe(true)
    expect(bounded.storeEntry(id, 'b', value('1234'), NOW_S + 5)).toBe(true)
    expect(bounded.storeEntry(id, 'c', value('1'), NOW_S + 5)).toBe(false)
    time.nowS = NOW_S + 6
    expect(bounded.storeEntry(id, 'c', value('1234'), NOW_S + 9)).toBe(true)
    // The freed bytes are counted back exactly: the limit holds again at the same place.
    expect(bounded.storeEntry(id, 'd', value('1234'), NOW_S + 9)).toBe(true)
    expect(bounded.storeEntry(id, 'e', value('1'), NOW_S + 9)).toBe(false)
  })
})

test('of main and cache the one that expires later is answered', () => {
  const storage = createDhtStorage(clock)
  storage.main.storeRegular(id, value('main'), NOW_S + 5)
  storage.cache.storeRegular(id, value('cache'), NOW_S + 4)
  expect(storage.newest(id)).toMatchObject({ value: value('main') })
  storage.cache.storeRegular(id, value('cache'), NOW_S + 6)
  expect(storage.newest(id)).toMatchObject({ value: value('cache') })
})

test('a cached regular value or dictionary hides nothing that is kept', () => {
  const storage = createDhtStorage(clock)
  storage.main.storeEntry(id, 'me', value('mine'), NOW_S + 5, 'me')
  storage.main.storeEntry(id, 'he', value('his'), NOW_S + 5)
  storage.cache.storeRegular(id, value('junk'), NOW_S + 50)
  expect(storage.newest(id)).toMatchObject({ kind: 'dictionary' })
  storage.cache.storeEntry(id, 'me', value('not mine'), NOW_S + 50, 'stranger')
  storage.cache.storeEntry(id, 'third', value('new'), NOW_S + 50, 'stranger')
  const found = storage.newest(id)
  expect(found?.kind === 'dictionary' && [...found.entries].map(([key, entry]) => [key, text(entry.value)])).toEqual([
    ['me', 'mine'],
    ['he', 'his'],
    ['third', 'new'],
  ])
})

describe('who stored it', () => {
  const read = (subkey: string) => {
    const found = store.get(id)
    const entry = found?.kind === 'dictionary' ? found.entries.get(subkey) : undefined
    return entry && text(entry.value)
  }

  test('the owner’s entry replaces that of another, whatever expires later, and is not replaced by one', () => {
    expect(store.storeEntry(id, 'me', value('offline'), NOW_S + 80_000, 'stranger')).toBe(true)
    expect(store.storeEntry(id, 'me', value('online'), NOW_S + 360, 'me')).toBe(true)
    expect(store.storeEntry(id, 'me', value('offline'), NOW_S + 80_000, 'stranger')).toBe(false)
    expect(store.storeEntry(id, 'me', value('online'), NOW_S + 360, 'me')).toBe(false)
    expect(store.storeEntry(id, 'me', value('joining'), NOW_S + 361, 'me')).toBe(true)
    expect(read('me')).toBe('joining')
    time.nowS = NOW_S + 362
    expect(store.storeEntry(id, 'me', value('handed over'), NOW_S + 400, 'neighbour')).toBe(true)
  })

  test('a full key makes place for an owner, at the cost of an entry that is nobody’s own', () => {
    store = new ExpiringStore(clock, { maxEntriesPerKey: 2 })
    store.storeEntry(id, 'junk', value('x'), NOW_S + 50, 'stranger')
    store.storeEntry(id, 'he', value('x'), NOW_S + 50, 'he')
    expect(store.storeEntry(id, 'more junk', value('x'), NOW_S + 50, 'stranger')).toBe(false)
    expect(store.storeEntry(id, 'me', value('x'), NOW_S + 50, 'me')).toBe(true)
    expect(store.storeEntry(id, 'she', value('x'), NOW_S + 50, 'she')).toBe(false)
    expect([read('junk'), read('he'), read('me')]).toEqual([undefined, 'x', 'x'])
  })

  test('one peer holds its share of records and bytes, and gets it back as they expire', () => {
    store = new ExpiringStore(clock, { maxRecordsPerPeer: 2, maxBytesPerPeer: 10 }, 'self')
    const put = (key: string, by: string, text = 'x') =>
      store.storeRegular(dhtIdOf(key), value(text), NOW_S + (key === '1' ? 5 : 50), by)
    expect(['1', '2', '3'].map((key) => put(key, 'stranger'))).toEqual([true, true, false])
    expect(put('4', 'other', '12345678901')).toBe(false)
    expect(put('4', 'other', '1234567890')).toBe(true)
    expect(['5', '6', '7'].map((key) => put(key, 'self'))).toEqual([true, true, true])
    time.nowS = NOW_S + 6
    expect(['3', '8'].map((key) => put(key, 'stranger'))).toEqual([true, false])
  })

  test('a long life is cut', () => {
    store = new ExpiringStore(clock, { keptLifetimeS: 100 })
    expect(store.storeRegular(id, value('x'), NOW_S + 50_000)).toBe(true)
    expect(store.get(id)?.expirationS).toBe(NOW_S + 100)
  })
})
