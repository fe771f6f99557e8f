/** A map that forgets what was used longest ago, so that strangers can't make it grow (H-08). */
export interface BoundedMap<V> {
  readonly size: number
  /** Entries that had to go. */
  readonly dropped: number
  get(key: string): V | undefined
  set(key: string, value: V): void
  delete(key: string): void
  entries(): IterableIterator<[string, V]>
}

export function createBoundedMap<V>(capacity: number): BoundedMap<V> {
  // A Map keeps the order of insertion: whoever is used is put in again, so the first is the one to forget.
  const map = new Map<string, V>()
  let dropped = 0
  return {
    get size() {
      return map.size
    },
    get dropped() {
      return dropped
    },
    get(key) {
      const value = map.get(key)
      if (value === undefined) return undefined
      map.delete(key)
      map.set(key, value)
      return value
    },
    set(key, value) {
      map.delete(key)
      map.set(key, value)
      if (map.size <= capacity) return
      const oldest = map.keys().next().value
      if (oldest !== undefined) map.delete(oldest)
      dropped++
    },
    delete: (key) => void map.delete(key),
    entries: () => map.entries(),
  }
}
