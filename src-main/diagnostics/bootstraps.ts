import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Clock } from '../../src-shared/clock'
import { createCoordinatorApi } from '../coordinator/coordinator-api'
import { dialBootstraps } from '../network/bootstrap'
import { createHost, type Host } from '../network/host'
import { groupByPeer, type PeerAddress, parsePeerAddresses } from '../network/peer-addresses'
import { PROFILES } from '../network/profiles'
import {
  type CheckDefinition,
  counted,
  type DiagnosticsContext,
  type Finding,
  fail,
  pass,
  unknown,
  warn,
} from './check'

/** Leaves time for the host to start and end within a check's 5 s. */
const DIAL_WAIT_MS = 3_500

/** Dials the bootstraps with a name made for this purpose, so that it works, and is the same, with and without a node. */
export const bootstraps: CheckDefinition = {
  id: 'bootstraps',
  title: 'Bootstrap peers',
  async look(context, signal) {
    const { entries, isDemo, failure } = await bootstrapEntries(context, signal)
    if (entries.length === 0) return unknown(failure ?? 'no network is chosen, so none are known')
    const { valid, invalid } = parsePeerAddresses(entries)
    if (valid.length === 0) return fail('MULTIADDR_INVALID', invalid.map(({ entry }) => `“${entry}”`).join(', '))
    const host = await createHost({
      privateKey: await generateKeyPair('Ed25519'),
      profile: isDemo ? PROFILES.local : PROFILES.espalier,
      port: null,
      kadMode: 'client',
    })
    try {
      const answers = await Promise.all(valid.map((peer) => dial(host, peer, context.clock)))
      return verdictOf(answers, invalid.length)
    } finally {
      await host.stop()
    }
  },
}

interface Answer {
  ok: boolean
  words: string
}

async function bootstrapEntries(
  { coordinatorUrl, bootstraps: given, clock, fetch }: DiagnosticsContext,
  signal: AbortSignal,
): Promise<{ entries: string[]; isDemo: boolean; failure: string | null }> {
  if (coordinatorUrl === null) return { entries: [...given], isDemo: false, failure: null }
  try {
    const { value } = await createCoordinatorApi({
      baseUrl: coordinatorUrl,
      fetch,
      clock,
      allowInsecure: true,
    }).networkInfo({ signal })
    const entries = [...new Set([...given, ...value.bootstrapPeers])]
    return { entries, isDemo: value.isDemo === true, failure: 'the coordinator names none' }
  } catch {
    // Why is said by the coordinator's own check.
    return { entries: [...given], isDemo: false, failure: 'the coordinator could not be asked for them' }
  }
}

function dial(host: Host, peer: PeerAddress, clock: Clock): Promise<Answer> {
  return new Promise((resolve) => {
    const address = peer.multiaddr.toString()
    const cancel = clock.after(DIAL_WAIT_MS, () =>
      resolve({ ok: false, words: `${address}: no answer within ${DIAL_WAIT_MS / 1000} s` }),
    )
    dialBootstraps(host, groupByPeer([peer]), clock)
      .then(([outcome]) => {
        const ms = outcome?.roundTripMs ?? null
        const why = outcome?.error?.cause ?? 'no answer'
        resolve(ms === null ? { ok: false, words: why } : { ok: true, words: `${address} in ${ms} ms` })
      })
      .finally(cancel)
      .catch((error: unknown) => resolve({ ok: false, words: String(error) }))
  })
}

function verdictOf(answers: readonly Answer[], invalidCount: number): Finding {
  const words = answers.map((answer) => answer.words).join('; ')
  const answering = answers.filter(({ ok }) => ok).length
  if (answering === 0) return fail('BOOTSTRAP_UNREACHABLE', words)
  const evidence = `${answering} of ${answers.length} answered a ping: ${words}`
  if (invalidCount > 0)
    return warn('MULTIADDR_INVALID', `${evidence}; ${counted(invalidCount, 'entry', 'entries')} not an address`)
  return answering < answers.length ? warn('BOOTSTRAP_UNREACHABLE', evidence) : pass(evidence)
}
