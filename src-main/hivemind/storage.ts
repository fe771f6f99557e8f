import type { Clock } from '../../src-shared/clock'
import { type DhtId, dhtIdKey } from './dht-id'
import { dhtTimeS } from './expiration'
import { DictionaryValue, encodeMsgpack } from './msgpack'

export interface StoredEntry {
  readonly value: Uint8Array
  readonly expirationS: number
}
export type StoredValue =
  | { readonly kind: 'regular'; readonly value: Uint8Array; readonly expirationS: number }
  | { readonly kind: 'dictionary'; readonly entries: ReadonlyMap<string, StoredEntry>; readonly expirationS: number }

export interface StorageLimits {
  maxKeys: number
  maxValueBytes: number
  maxSubkeyBytes: number
  maxEntriesPerKey: number
  /** Of all values together. */
  maxTotalBytes: number
  /** Records that claim to live longer are refused: they could not be got rid of. */
  maxLifetimeS: number
}

export const DEFAULT_STORAGE_LIMITS: StorageLimits = {
  maxKeys: 20_000,
  maxValueBytes: 65_536,
  maxSubkeyBytes: 256,
  maxEntriesPerKey: 2_048,
  maxTotalBytes: 64 * 1024 * 1024,
  maxLifetimeS: 86_400,
}

/** A full store looks for expired records at most this often: looking costs a walk over all of them. */
const SWEEP_PAUSE_MS = 1_000

interface Slot {
  readonly id: DhtId
  /** Null when the slot is a dictionary. */
  regular: StoredEntry | null
  readonly entries: Map<string, StoredEntry>
}

/**
 * Records of one kind of the DHT, each until its expiration. Of two records in one place the one that expires
 * later stays; an equal expiration is refused. Every method answers false instead of throwing.
 */
export class ExpiringStore {
  private readonly slots = new Map<string, Slot>()
  private readonly limits: StorageLimits
  private totalBytes = 0
  private sweptAtMs = Number.NEGATIVE_INFINITY

  constructor(
    private readonly clock: Pick<Clock, 'now' | 'monotonicMs'>,
    limits: Partial<StorageLimits> = {},
  ) {
    this.limits = { ...DEFAULT_STORAGE_LIMITS, ...limits }
  }

  get keyCount(): number {
    return this.slots.size
  }

  /** Replaces whatever is there, a whole dictionary included, when that expires earlier. */
  storeRegular(id: DhtId, value: Uint8Array, expirationS: number): boolean {
    const slot = this.liveSlot(id)
    if (!this.mayStore(value, expirationS) || (slot && expirationOf(slot) >= expirationS)) return false
    if (!this.hasRoom(slot, value.length - (slot ? bytesOf(slot) : 0))) return false
    if (slot) this.drop(slot)
    this.put({ id: id.slice(), regular: copyOf(value, expirationS), entries: new Map() })
    return true
  }

  /** Adds to the dictionary, or begins one in place of a regular value that expires earlier. */
  storeEntry(id: DhtId, subkey: string, value: Uint8Array, expirationS: number): boolean {
    const slot = this.liveSlot(id)
    if (!this.mayStore(value, expirationS) || Buffer.byteLength(subkey) > this.limits.maxSubkeyBytes) return false
    if (slot?.regular) {
      if (slot.regular.expirationS >= expirationS) return false
      if (!this.hasRoom(slot, entryBytes(subkey, value) - slot.regular.value.length)) return false
      this.drop(slot)
      this.put({ id: id.slice(), regular: null, entries: new Map([[subkey, copyOf(value, expirationS)]]) })
      return true
    }
    const previous = slot?.entries.get(subkey)
    if (previous && previous.expirationS >= expirationS) return false
    if (!previous && slot && slot.entries.size >= this.limits.maxEntriesPerKey) return false
    const moreBytes = entryBytes(subkey, value) - (previous ? entryBytes(subkey, previous.value) : 0)
    if (!this.hasRoom(slot, moreBytes)) return false
    if (slot) {
      slot.entries.set(subkey, copyOf(value, expirationS))
      this.totalBytes += moreBytes
    } else this.put({ id: id.slice(), regular: null, entries: new Map([[subkey, copyOf(value, expirationS)]]) })
    return true
  }

  get(id: DhtId): StoredValue | null {
    const slot = this.liveSlot(id)
    return slot ? contentOf(slot) : null
  }

  /** Every live record with its place. */
  items(): { id: DhtId; value: StoredValue }[] {
    this.sweep()
    return [...this.slots.values()].map((slot) => ({ id: slot.id, value: contentOf(slot) }))
  }

  /** Forgets what has expired. */
  sweep(): void {
    this.sweptAtMs = this.clock.monotonicMs()
    for (const slot of this.slots.values()) this.expire(slot)
  }

  private mayStore(value: Uint8Array, expirationS: number): boolean {
    const nowS = dhtTimeS(this.clock)
    // Written so that NaN fails, too.
    return (
      expirationS >= nowS && expirationS <= nowS + this.limits.maxLifetimeS && value.length <= this.limits.maxValueBytes
    )
  }

  private hasRoom(slot: Slot | undefined, moreBytes: number): boolean {
    const fits = () =>
      (slot !== undefined || this.slots.size < this.limits.maxKeys) &&
      (moreBytes <= 0 || this.totalBytes + moreBytes <= this.limits.maxTotalBytes)
    if (!fits() && this.clock.monotonicMs() - this.sweptAtMs >= SWEEP_PAUSE_MS) this.sweep()
    return fits()
  }

  private liveSlot(id: DhtId): Slot | undefined {
    const slot = this.slots.get(dhtIdKey(id))
    return slot && this.expire(slot) ? slot : undefined
  }

  /** Whether anything is left. */
  private expire(slot: Slot): boolean {
    const nowS = dhtTimeS(this.clock)
    if (slot.regular && slot.regular.expirationS >= nowS) return true
    for (const [subkey, entry] of slot.entries) {
      if (entry.expirationS >= nowS) continue
      slot.entries.delete(subkey)
      this.totalBytes -= entryBytes(subkey, entry.value)
    }
    if (slot.entries.size > 0) return true
    this.drop(slot)
    return false
  }

  private put(slot: Slot): void {
    this.slots.set(dhtIdKey(slot.id), slot)
    this.totalBytes += bytesOf(slot)
  }

  private drop(slot: Slot): void {
    this.slots.delete(dhtIdKey(slot.id))
    this.totalBytes -= bytesOf(slot)
  }
}

function entryBytes(subkey: string, value: Uint8Array): number {
  return Buffer.byteLength(subkey) + value.length
}

function bytesOf(slot: Slot): number {
  let sum = slot.regular?.value.length ?? 0
  for (const [subkey, entry] of slot.entries) sum += entryBytes(subkey, entry.value)
  return sum
}

/** A copy: the original is a window into a whole received frame and would keep it in memory. */
function copyOf(value: Uint8Array, expirationS: number): StoredEntry {
  return { value: Uint8Array.from(value), expirationS }
}

function expirationOf(slot: Slot): number {
  if (slot.regular) return slot.regular.expirationS
  let latest = Number.NEGATIVE_INFINITY
  for (const { expirationS } of slot.entries.values()) latest = Math.max(latest, expirationS)
  return latest
}

function contentOf(slot: Slot): StoredValue {
  const expirationS = expirationOf(slot)
  if (slot.regular) return { kind: 'regular', value: slot.regular.value, expirationS }
  return { kind: 'dictionary', entries: new Map(slot.entries), expirationS }
}

/** As other peers read it: a dictionary becomes one MessagePack value of all its entries. */
export function serializeStored(value: StoredValue): Uint8Array {
  if (value.kind === 'regular') return value.value
  // Subkeys are text and only text: Python compares them, and fails when bytes and text meet in one dictionary.
  const entries = [...value.entries].map(([subkey, entry]) => ({ subkey, ...entry }))
  return encodeMsgpack(new DictionaryValue(Number.POSITIVE_INFINITY, value.expirationS, entries))
}

/** What others asked us to keep, and what they asked us to cache; readers get whichever expires later. */
export interface DhtStorage {
  readonly main: ExpiringStore
  readonly cache: ExpiringStore
  newest(id: DhtId): StoredValue | null
}

export function createDhtStorage(
  clock: Pick<Clock, 'now' | 'monotonicMs'>,
  limits: Partial<StorageLimits> = {},
): DhtStorage {
  const main = new ExpiringStore(clock, limits)
  const cache = new ExpiringStore(clock, { maxKeys: 2_000, maxTotalBytes: 8 * 1024 * 1024, ...limits })
  return {
    main,
    cache,
    newest(id) {
      const stored = main.get(id)
      const cached = cache.get(id)
      return cached && (!stored || cached.expirationS > stored.expirationS) ? cached : stored
    },
  }
}
