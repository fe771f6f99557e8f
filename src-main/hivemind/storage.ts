import type { Clock } from '../../src-shared/clock'
import { type DhtId, dhtIdKey } from './dht-id'
import { dhtTimeS } from './expiration'
import { mergeFound } from './found-value'
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
  /** What lives longer than this is kept for so long only. */
  keptLifetimeS: number
  /** Of what one peer stored, its own and that of others; what this node writes itself is not counted. */
  maxRecordsPerPeer: number
  maxBytesPerPeer: number
}

export const DEFAULT_STORAGE_LIMITS: StorageLimits = {
  maxKeys: 20_000,
  maxValueBytes: 65_536,
  maxSubkeyBytes: 256,
  maxEntriesPerKey: 2_048,
  maxTotalBytes: 64 * 1024 * 1024,
  maxLifetimeS: 86_400,
  keptLifetimeS: 86_400,
  maxRecordsPerPeer: 4_096,
  maxBytesPerPeer: 4 * 1024 * 1024,
}

/** A full store looks for expired records at most this often: looking costs a walk over all of them. */
const SWEEP_PAUSE_MS = 1_000

interface Slot {
  readonly id: DhtId
  /** Null when the slot is a dictionary. */
  regular: StoredEntry | null
  readonly entries: Map<string, StoredEntry>
  /** Peer id of who stored each entry; of the regular value under `REGULAR_WRITER`. */
  readonly writers: Map<string, string>
}

/** No peer id, and never a subkey's writer: a slot has entries or a regular value. */
const REGULAR_WRITER = ''

interface Held {
  records: number
  bytes: number
}

/**
 * Records of one kind of the DHT, each until its expiration. Of two records in one place the one that expires later
 * stays; an equal expiration is refused. Two rules are stricter than hivemind's: a regular value never takes the place of
 * a dictionary, which many write (a dictionary takes that of a regular value), and what a peer itself stores under its
 * peer id is never replaced by what another stores there, but always replaces it.
 * `by` is the peer id that stored it, as its connection proved it; absent where nobody is told.
 * Every method answers false instead of throwing.
 */
export class ExpiringStore {
  private readonly slots = new Map<string, Slot>()
  private readonly held = new Map<string, Held>()
  private readonly limits: StorageLimits
  private totalBytes = 0
  private sweptAtMs = Number.NEGATIVE_INFINITY

  /** @param self peer id of this node: what it stores itself is not counted against the share of a peer */
  constructor(
    private readonly clock: Pick<Clock, 'now' | 'monotonicMs'>,
    limits: Partial<StorageLimits> = {},
    private readonly self: string | null = null,
  ) {
    this.limits = { ...DEFAULT_STORAGE_LIMITS, ...limits }
  }

  get keyCount(): number {
    return this.slots.size
  }

  /** Replaces a regular value that expires earlier. */
  storeRegular(id: DhtId, value: Uint8Array, expirationS: number, by?: string): boolean {
    const slot = this.liveSlot(id)
    if (!this.mayStore(value, expirationS) || (slot && !slot.regular)) return false
    const record = this.copyOf(value, expirationS)
    if (slot?.regular && slot.regular.expirationS >= record.expirationS) return false
    if (!this.hasRoom(slot, value.length - (slot?.regular?.value.length ?? 0), by, value.length)) return false
    if (slot) this.drop(slot)
    const fresh = this.slotFor(id)
    fresh.regular = record
    this.account(fresh, REGULAR_WRITER, value.length, by)
    return true
  }

  /** Adds to the dictionary, or begins one in place of a regular value. */
  storeEntry(id: DhtId, subkey: string, value: Uint8Array, expirationS: number, by?: string): boolean {
    const slot = this.liveSlot(id)
    if (!this.mayStore(value, expirationS) || Buffer.byteLength(subkey) > this.limits.maxSubkeyBytes) return false
    const record = this.copyOf(value, expirationS)
    const previous = slot?.entries.get(subkey)
    if (slot && previous && !replaces(record, previous, by === subkey, slot.writers.get(subkey) === subkey))
      return false
    const place = slot && !previous ? placeIn(slot, this.limits.maxEntriesPerKey, by === subkey) : { loses: null }
    if (!place) return false
    const newBytes = entryBytes(subkey, value)
    const oldBytes = previous ? entryBytes(subkey, previous.value) : (slot?.regular?.value.length ?? 0)
    if (!this.hasRoom(slot, newBytes - oldBytes, by, newBytes)) return false
    if (slot?.regular) this.drop(slot)
    else if (slot) for (const old of [subkey, place.loses]) if (old !== null) this.removeEntry(slot, old)
    const target = this.slotFor(id)
    target.entries.set(subkey, record)
    this.account(target, subkey, newBytes, by)
    return true
  }

  /** Whether the peer that the subkey names stored this entry itself. */
  isOwn(id: DhtId, subkey: string): boolean {
    return this.slots.get(dhtIdKey(id))?.writers.get(subkey) === subkey
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

  private hasRoom(slot: Slot | undefined, moreBytes: number, by: string | undefined, newBytes: number): boolean {
    const fits = () =>
      (slot !== undefined || this.slots.size < this.limits.maxKeys) &&
      (moreBytes <= 0 || this.totalBytes + moreBytes <= this.limits.maxTotalBytes) &&
      this.hasShare(by, newBytes)
    if (!fits() && this.clock.monotonicMs() - this.sweptAtMs >= SWEEP_PAUSE_MS) this.sweep()
    return fits()
  }

  /** Counted as if nothing were replaced: at its bound a peer waits until something of its own has expired. */
  private hasShare(by: string | undefined, newBytes: number): boolean {
    if (by === undefined || by === this.self) return true
    const { records, bytes } = this.held.get(by) ?? { records: 0, bytes: 0 }
    return records < this.limits.maxRecordsPerPeer && bytes + newBytes <= this.limits.maxBytesPerPeer
  }

  private liveSlot(id: DhtId): Slot | undefined {
    const slot = this.slots.get(dhtIdKey(id))
    return slot && this.expire(slot) ? slot : undefined
  }

  /** Whether anything is left. */
  private expire(slot: Slot): boolean {
    const nowS = dhtTimeS(this.clock)
    if (slot.regular && slot.regular.expirationS >= nowS) return true
    for (const [subkey, entry] of slot.entries) if (entry.expirationS < nowS) this.removeEntry(slot, subkey)
    if (slot.entries.size > 0) return true
    this.drop(slot)
    return false
  }

  private slotFor(id: DhtId): Slot {
    const key = dhtIdKey(id)
    const slot = this.slots.get(key) ?? { id: id.slice(), regular: null, entries: new Map(), writers: new Map() }
    this.slots.set(key, slot)
    return slot
  }

  private drop(slot: Slot): void {
    if (slot.regular) this.discount(slot, REGULAR_WRITER, slot.regular.value.length)
    slot.regular = null
    for (const subkey of [...slot.entries.keys()]) this.removeEntry(slot, subkey)
    this.slots.delete(dhtIdKey(slot.id))
  }

  private removeEntry(slot: Slot, subkey: string): void {
    const entry = slot.entries.get(subkey)
    if (!entry) return
    slot.entries.delete(subkey)
    this.discount(slot, subkey, entryBytes(subkey, entry.value))
  }

  private account(slot: Slot, subkey: string, bytes: number, by: string | undefined): void {
    this.totalBytes += bytes
    if (by === undefined) return
    slot.writers.set(subkey, by)
    const held = this.held.get(by) ?? { records: 0, bytes: 0 }
    held.records++
    held.bytes += bytes
    this.held.set(by, held)
  }

  private discount(slot: Slot, subkey: string, bytes: number): void {
    this.totalBytes -= bytes
    const by = slot.writers.get(subkey)
    const held = by === undefined ? undefined : this.held.get(by)
    slot.writers.delete(subkey)
    if (by === undefined || !held) return
    held.records--
    held.bytes -= bytes
    if (held.records === 0) this.held.delete(by)
  }

  /** A copy: the original is a window into a whole received frame and would keep it in memory. */
  private copyOf(value: Uint8Array, expirationS: number): StoredEntry {
    const latestS = dhtTimeS(this.clock) + this.limits.keptLifetimeS
    return { value: new Uint8Array(value), expirationS: Math.min(expirationS, latestS) }
  }
}

/** What the owner of a subkey writes counts for more than what others write there, whatever expires when. */
function replaces(record: StoredEntry, previous: StoredEntry, isOwn: boolean, wasOwn: boolean): boolean {
  return isOwn === wasOwn ? record.expirationS > previous.expirationS : isOwn
}

/** For who writes under its own peer id an entry of others makes place, so that nobody can fill a key against it. */
function placeIn(slot: Slot, maxEntries: number, isOwn: boolean): { loses: string | null } | null {
  if (slot.entries.size < maxEntries) return { loses: null }
  if (!isOwn) return null
  for (const subkey of slot.entries.keys()) if (slot.writers.get(subkey) !== subkey) return { loses: subkey }
  return null
}

function entryBytes(subkey: string, value: Uint8Array): number {
  return Buffer.byteLength(subkey) + value.length
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

/** What others asked us to keep, and what they asked us to cache. */
export interface DhtStorage {
  readonly main: ExpiringStore
  readonly cache: ExpiringStore
  /** As `mergeFound` does; an entry that its owner wrote here counts for more than a cached one. */
  newest(id: DhtId): StoredValue | null
}

/** @param self peer id of this node */
export function createDhtStorage(
  clock: Pick<Clock, 'now' | 'monotonicMs'>,
  limits: Partial<StorageLimits> = {},
  self: string | null = null,
): DhtStorage {
  const main = new ExpiringStore(clock, limits, self)
  const cache = new ExpiringStore(clock, { maxKeys: 2_000, maxTotalBytes: 8 * 1024 * 1024, ...limits }, self)
  return {
    main,
    cache,
    newest(id) {
      const stored = main.get(id)
      const cached = cache.get(id)
      if (stored?.kind !== 'dictionary' || cached?.kind !== 'dictionary') return mergeFound(stored, cached)
      const others = new Map([...cached.entries].filter(([subkey]) => !main.isOwn(id, subkey)))
      return mergeFound(stored, { ...cached, entries: others })
    },
  }
}
