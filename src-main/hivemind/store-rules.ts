import type { PeerId } from '@libp2p/interface'
import type { Clock } from '../../src-shared/clock'
import type { NetworkProfile } from '../network/profiles'
import { type DhtId, dhtIdKey, dhtIdOf } from './dht-id'
import { dhtTimeS } from './expiration'
import { MODELS_KEY } from './model-index'
import { peerFromText } from './peer-bytes'
import { DEFAULT_STORAGE_LIMITS } from './storage'

/** What a network lets its nodes keep for others, beyond the bounds of the storage. */
export interface StoreRules {
  /** Records that claim to live longer are kept for so long. */
  readonly keptLifetimeMs: number
  /**
   * Entries under a peer id are kept from that peer alone; from another node of the DHT only in a hand-over, and only with
   * so much life left. Null where the network's other programs need not keep to that.
   */
  readonly handOverLifetimeMs: number | null
  /** Keys where many write entries, so that a regular value never belongs there. */
  readonly dictionaryKeys: readonly string[]
}

/** A profile file may ask for longer lives than the profile of whoever keeps the records. */
const LEAST_KEPT_MS = 3_600_000
/** Clocks of honest computers differ. */
const CLOCK_LEEWAY_MS = 60_000

/** Longer lives than this cannot be counted on among nodes with other profile files, and clocks that differ. */
export const LONGEST_LIFETIME_MS = LEAST_KEPT_MS - CLOCK_LEEWAY_MS

/**
 * How far ahead an expiration may lie for others to keep the record, in seconds. Other families' programs know no
 * bound, so there a later one has to follow whatever was written.
 */
export function furthestExpirationS(profile: Pick<NetworkProfile, 'ownsEntries'>): number {
  return profile.ownsEntries ? DEFAULT_STORAGE_LIMITS.maxLifetimeS : Number.POSITIVE_INFINITY
}

export const OPEN_RULES: StoreRules = {
  keptLifetimeMs: 86_400_000,
  handOverLifetimeMs: null,
  dictionaryKeys: [MODELS_KEY],
}

export function storeRulesOf(profile: Pick<NetworkProfile, 'ownsEntries' | 'serversKey' | 'timings'>): StoreRules {
  const { recordLifetimeMs } = profile.timings
  return {
    keptLifetimeMs: Math.max(3 * recordLifetimeMs, LEAST_KEPT_MS),
    handOverLifetimeMs: profile.ownsEntries ? recordLifetimeMs + CLOCK_LEEWAY_MS : null,
    dictionaryKeys: profile.serversKey === null ? [MODELS_KEY] : [MODELS_KEY, profile.serversKey],
  }
}

export interface StoreGate {
  takesRegular(key: DhtId): boolean
  /** @param isHandOver whether it came in a whole dictionary from a node of the DHT, as newcomers are given them */
  takesEntry(subkey: string, caller: PeerId, expirationS: number, isHandOver: boolean): boolean
}

/**
 * Only the hash of a key is on the wire, so which keys hold servers cannot be seen: known ones are compared, and the
 * storage lets a dictionary take the place of a regular value, never the other way round.
 */
export function createStoreGate(rules: StoreRules, clock: Pick<Clock, 'now'>): StoreGate {
  const dictionaries = new Set(rules.dictionaryKeys.map((key) => dhtIdKey(dhtIdOf(key))))
  return {
    takesRegular: (key) => !dictionaries.has(dhtIdKey(key)),
    takesEntry(subkey, caller, expirationS, isHandOver) {
      if (rules.handOverLifetimeMs === null || subkey === caller.toString() || !peerFromText(subkey)) return true
      return isHandOver && expirationS <= dhtTimeS(clock) + rules.handOverLifetimeMs / 1000
    },
  }
}
