import type { Announcement } from '../../src-main/announce/announcement'
import { createAnnouncer, type RoundReport } from '../../src-main/announce/announcer'
import type { Governor } from '../../src-main/announce/governor'
import { createHivemindWriter } from '../../src-main/announce/hivemind-writer'
import { blockKey, decodeServerInfo, NO_DETAILS, type ServerInfo } from '../../src-main/hivemind/server-info'
import type { NetworkProfile } from '../../src-main/network/profiles'
import { openNetworkClient } from '../../src-main/node/network-client'
import { createEventLog } from '../../src-main/storage/event-log'
import type { Clock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { VERSION } from '../../src-shared/version'

export interface OnceAnnounced {
  /** How the round went; null where the governor of this computer held it back. */
  report: RoundReport | null
  heldBackUntil: number | null
  /** What a bootstrap says of us afterwards, taken back; null where it has nothing. */
  stateAfter: ServerInfo['state'] | null
}

const READ_TIMEOUT_MS = 60_000
/** Only in networks of our own: where there is a public map, a model that nobody serves would stand on it. */
const OWN_MODEL = { dhtPrefix: 'Espalier-Test', numBlocks: 1, repository: null }

/**
 * One peer that nobody can dial says once that one block of a model is joining, which sends no reader to it, and takes
 * it back. The rhythm is the profile's, and whatever else this user runs counts in the same governor. Announces nothing
 * in a public network without a model. Throws what opening the network throws.
 */
export async function announceOnce(options: {
  profile: NetworkProfile
  bootstraps: readonly string[]
  governor: Governor
  clock: Clock
}): Promise<OnceAnnounced> {
  const { profile, bootstraps, governor, clock } = options
  const log = createEventLog(clock, null)
  const client = await openNetworkClient({ profile, bootstraps, clock, log })
  const self = client.host.peerId
  const outcome: OnceAnnounced = { report: null, heldBackUntil: null, stateAfter: null }
  const announcer = createAnnouncer({
    forms: [
      {
        writer: createHivemindWriter({
          ...{ dht: client.dht, self, profile, clock },
          bootstraps: () => client.bootstraps,
        }),
        intervalMs: profile.timings.announceIntervalMs,
      },
    ],
    clock,
    log,
    governor,
    onHeldBack: (_, until) => {
      outcome.heldBackUntil = until
    },
    onRound: () => undefined,
  })
  try {
    const [found] = await client.view('hivemind', []).readModels(AbortSignal.timeout(READ_TIMEOUT_MS))
    const model = found ?? (profile.guardsModelEntry ? null : OWN_MODEL)
    if (!model) throw new EspalierError('BAD_ARGUMENT', 'this network names no model that could be announced')
    const what = joining(model)
    const [report] = await announcer.announce(what)
    outcome.report = report ?? null
    await announcer.leave()
    if (report) outcome.stateAfter = await stateAt(blockKey(model.dhtPrefix, what.range.start))
    return outcome
  } finally {
    announcer.stop()
    await client.close()
  }

  async function stateAt(key: string): Promise<ServerInfo['state'] | null> {
    for (const peer of client.bootstraps) {
      const found = await client.dht
        .findAt(peer, [key], { signal: AbortSignal.timeout(READ_TIMEOUT_MS) })
        .catch(() => null)
      const value = found?.get(key)
      const entry = value?.kind === 'dictionary' ? value.entries.get(self.toString()) : undefined
      if (entry) return decodeServerInfo(entry.value).state
    }
    return null
  }
}

function joining(model: { dhtPrefix: string; numBlocks: number; repository: string | null }): Announcement {
  const range = { start: model.numBlocks - 1, end: model.numBlocks }
  return {
    model: { dhtPrefix: model.dhtPrefix, blockCount: model.numBlocks, repository: model.repository },
    range,
    info: () => ({
      state: 'joining',
      throughput: 0,
      startBlock: range.start,
      endBlock: range.end,
      publicName: 'espalier-test',
      version: VERSION,
      ...NO_DETAILS,
    }),
  }
}
