import type { FindResult } from './messages'
import { DictionaryValue } from './msgpack'
import { decodeMsgpack } from './msgpack-decode'
import type { StoredEntry, StoredValue } from './storage'

/** What a lookup found; the same shape as what a store holds. */
export type FoundValue = StoredValue

const MAX_ENTRIES = 8_192

/**
 * What a peer's answer to one key says, without anything that has expired. Entries whose subkey is not text are
 * left out. @throws PROTOCOL_VIOLATION
 */
export function foundFrom(result: FindResult, nowS: number): FoundValue | null {
  if (result.kind === 'missing') return null
  if (result.kind === 'regular') {
    const { value, expirationS } = result
    return expirationS >= nowS ? { kind: 'regular', value: new Uint8Array(value), expirationS } : null
  }
  const decoded = decodeMsgpack(result.value)
  if (!(decoded instanceof DictionaryValue)) return null
  const entries = new Map<string, StoredEntry>()
  for (const { subkey, value, expirationS } of decoded.entries) {
    if (typeof subkey !== 'string' || !(expirationS >= nowS) || entries.size >= MAX_ENTRIES) continue
    const previous = entries.get(subkey)
    if (previous && previous.expirationS >= expirationS) continue
    entries.set(subkey, { value: new Uint8Array(value), expirationS })
  }
  return dictionaryOf(entries)
}

/** What is left of something that was found earlier. */
export function withoutExpired(found: FoundValue | null, nowS: number): FoundValue | null {
  if (found?.kind !== 'dictionary') return found && found.expirationS >= nowS ? found : null
  const live = [...found.entries].filter(([, { expirationS }]) => expirationS >= nowS)
  return live.length === found.entries.size ? found : dictionaryOf(new Map(live))
}

function dictionaryOf(entries: ReadonlyMap<string, StoredEntry>): FoundValue | null {
  if (entries.size === 0) return null
  let expirationS = Number.NEGATIVE_INFINITY
  for (const entry of entries.values()) expirationS = Math.max(expirationS, entry.expirationS)
  return { kind: 'dictionary', entries, expirationS }
}

/**
 * Of two regular values the later one, of two dictionaries the later entry for each subkey. A dictionary counts for more
 * than a regular value: that is one stranger's word, and would hide what all the others wrote.
 */
export function mergeFound(a: FoundValue | null, b: FoundValue | null): FoundValue | null {
  if (!a || !b) return a ?? b
  if (a.kind === 'regular') return b.kind === 'regular' && a.expirationS >= b.expirationS ? a : b
  if (b.kind === 'regular') return a
  const entries = new Map(a.entries)
  for (const [subkey, entry] of b.entries) {
    const previous = entries.get(subkey)
    if (!previous || previous.expirationS < entry.expirationS) entries.set(subkey, entry)
  }
  return dictionaryOf(entries)
}
