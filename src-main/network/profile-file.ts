import { readFileSync, statSync } from 'node:fs'
import * as z from 'zod'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { LONGEST_LIFETIME_MS } from '../hivemind/store-rules'
import { MAX_LIFETIME_MS } from '../kademlia/envelope'
import { parsePeerAddresses } from './peer-addresses'
import { IPFS_KAD_PROTOCOL, keepsRecordsAlive, type NetworkProfile, PROFILES } from './profiles'

const MAX_FILE_BYTES = 65_536
const MIN_INTERVAL_S = 30
const MAX_INTERVAL_S = 600
/** With fewer, two peers that leave take a record along, and Kademlia's table has too few ways to go. */
const MIN_REPLICAS = 3
/** Kademlia's own number for networks of millions. */
const MAX_REPLICAS = 20

const form = z.enum(['hivemind', 'kademlia'])
const rhythm = z.strictObject({
  intervalSeconds: z
    .number()
    .min(MIN_INTERVAL_S, `must be at least ${MIN_INTERVAL_S} s, or the network is flooded`)
    .max(MAX_INTERVAL_S, `must be at most ${MAX_INTERVAL_S} s, or maps lose the node`),
  expirySeconds: z.number().max(86_400),
})

/** What an operator may change about a network. Everything else is how that network works, not a wish. */
const ProfileFileSchema = z.strictObject({
  base: z.enum(['espalier', 'kwaai', 'petals']),
  bootstraps: z.array(z.string().max(512)).max(64).optional(),
  kadProtocol: z
    .string()
    .regex(/^\/[a-z0-9-]{1,40}\/kad\/\d+\.\d+\.\d+$/, 'must look like /name/kad/1.0.0')
    .optional(),
  recordForms: z.array(form).min(1).max(2).optional(),
  announce: rhythm.optional(),
  announceKademlia: rhythm.optional(),
  replicas: z
    .int()
    .min(MIN_REPLICAS, `must be at least ${MIN_REPLICAS}, or records go with the peers that leave`)
    .max(MAX_REPLICAS, `must be at most ${MAX_REPLICAS}, or every round floods the network`)
    .optional(),
})

/** Throws BAD_ARGUMENT with the field and the reason. */
export function parseProfile(input: unknown): NetworkProfile {
  const parsed = ProfileFileSchema.safeParse(input)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw refuse(`${issue?.path.map(String).join('.') || 'the profile'}: ${issue?.message ?? 'not valid'}`)
  }
  const { base: baseName, bootstraps, kadProtocol, recordForms, announce, announceKademlia, replicas } = parsed.data
  const base = PROFILES[baseName]
  const [invalid] = parsePeerAddresses(bootstraps ?? []).invalid
  if (invalid) throw refuse(`bootstraps: ${invalid.report.cause}`)
  const forms = [...new Set(recordForms ?? base.recordForms)]
  const [first, ...others] = forms
  if (!first) throw refuse('recordForms: there is none')
  if (baseName !== 'espalier' && !forms.includes('hivemind')) {
    throw refuse(`recordForms: readers of ${baseName} look in the hivemind form only`)
  }
  const profile: NetworkProfile = {
    ...base,
    ...(bootstraps && { bootstraps }),
    ...(kadProtocol !== undefined && { kadProtocol }),
    recordForms: [first, ...others],
    ...(replicas !== undefined && { replicas: { hivemind: replicas, kademlia: replicas } }),
    timings: {
      ...base.timings,
      ...(announce && {
        announceIntervalMs: announce.intervalSeconds * 1000,
        recordLifetimeMs: announce.expirySeconds * 1000,
      }),
      ...(announceKademlia && {
        kademlia: {
          announceIntervalMs: announceKademlia.intervalSeconds * 1000,
          recordLifetimeMs: announceKademlia.expirySeconds * 1000,
        },
      }),
    },
  }
  if (profile.servesKad && profile.kadProtocol === IPFS_KAD_PROTOCOL) {
    throw refuse(`kadProtocol: ${IPFS_KAD_PROTOCOL} is not served, because the public IPFS network would use this node`)
  }
  const { recordLifetimeMs, kademlia } = profile.timings
  if (profile.ownsEntries && recordLifetimeMs > LONGEST_LIFETIME_MS) {
    throw refuse(`announce.expirySeconds: must be at most ${LONGEST_LIFETIME_MS / 1000}, or others forget it sooner`)
  }
  if (kademlia.recordLifetimeMs > MAX_LIFETIME_MS) {
    throw refuse(
      `announceKademlia.expirySeconds: must be at most ${MAX_LIFETIME_MS / 1000}, or nobody takes the records`,
    )
  }
  if (!keepsRecordsAlive(profile.timings)) {
    throw refuse('announce: the expiry must be at least three intervals, or two lost rounds hide the node')
  }
  return profile
}

/** Reads and checks a profile file. Throws BAD_ARGUMENT. */
export function readProfileFile(path: string): NetworkProfile {
  let text: string
  try {
    if (statSync(path).size > MAX_FILE_BYTES) throw refuse(`${path} is too large for a profile`)
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof EspalierError) throw error
    throw refuse(`${path} (${messageOf(error)})`)
  }
  try {
    return parseProfile(JSON.parse(text))
  } catch (error) {
    throw error instanceof EspalierError ? error : refuse(`${path} is not JSON (${messageOf(error)})`)
  }
}

function refuse(detail: string): EspalierError {
  return new EspalierError('BAD_ARGUMENT', detail)
}
