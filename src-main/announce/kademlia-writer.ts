import type { PeerId } from '@libp2p/interface'
import type { Clock } from '../../src-shared/clock'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { encodeModelInfo } from '../hivemind/server-info'
import { MAX_SKEW_MS } from '../kademlia/envelope'
import { describe, encodeExpertDescription } from '../kademlia/expert-info'
import { modelKey } from '../kademlia/keys'
import { isToldByOthers, type KademliaRecords } from '../kademlia/records'
import type { NetworkProfile } from '../network/profiles'
import { type Announcement, announcedKeys } from './announcement'
import type { RecordWriter, WriteReport } from './record-writer'

/** More at once gains nothing: the cost is CPU, one stream a call. */
const CALLS_AT_ONCE = 8
/** Reading back costs as much as writing; a sample of the blocks, another one each round, tells as much. */
const BLOCKS_READ_BACK = 4

/**
 * The form of the announcement document: a signed value and a provider record under every block key and under the
 * model's key. Values are acknowledged by who keeps them; provider records by nobody, so they are read back.
 */
export function createKademliaWriter(options: {
  records: KademliaRecords
  self: PeerId
  profile: NetworkProfile
  clock: Clock
  random: () => number
  isDhtClient: () => boolean
}): RecordWriter {
  const { records, self, profile, clock, random } = options
  let lastWrittenAt = 0

  async function putAll(
    contents: ReadonlyMap<string, Uint8Array>,
    writtenAt: number,
    report: WriteReport,
    signal: AbortSignal,
  ) {
    const expiresAt = writtenAt + profile.timings.kademlia.recordLifetimeMs
    const ackedBy = new Set<string>()
    const failures: string[] = []
    await eachAtOnce([...contents], async ([key, content]) => {
      const put = await records.put(key, { content, writtenAt, expiresAt }, signal)
      for (const peer of put.ackedBy) ackedBy.add(peer.toString())
      if (put.ackedBy.length > 0) report.acknowledged++
      else failures.push(put.failures[0] ?? 'nobody was near')
    })
    report.ackedBy = [...ackedBy]
    if (report.acknowledged < report.total) {
      throw new EspalierError(
        'NOT_STORED',
        `${report.acknowledged} of ${report.total} Kademlia records were accepted by another peer (${failures[0]})`,
      )
    }
  }

  async function readBack(what: Announcement, writtenAt: number, isProvided: boolean, signal: AbortSignal) {
    const keys = sampleOf(announcedKeys(what), BLOCKS_READ_BACK, random)
    let by: PeerId | undefined
    for (const key of keys) {
      const found = await records.find(key, self, signal)
      if (found?.record.writtenAt !== writtenAt) {
        throw new EspalierError('NOT_READ_BACK', `no other peer has this round's Kademlia record of ${key}`)
      }
      if (isProvided && !isToldByOthers(await records.findProviders(key, signal), self)) {
        throw new EspalierError('NOT_READ_BACK', `no other peer names this node as a provider of ${key}`)
      }
      by ??= found.from[0]
    }
    return by ? { by: by.toString(), found: keys.length, asked: keys.length } : null
  }

  return {
    form: 'kademlia',
    roundTimeoutMs: 60_000,
    async write(what, info, report, { signal }) {
      const { model } = what
      const content = encodeExpertDescription(describe(info, { dhtClientMode: options.isDhtClient() }))
      const entry = encodeModelInfo(
        { numBlocks: model.blockCount, repository: model.repository },
        { allowNullRepository: profile.allowsNullRepository },
      )
      const contents = new Map(announcedKeys(what).map((key) => [key, content]))
      contents.set(modelKey(model.dhtPrefix), entry)
      report.total = contents.size
      // Peers keep the newest; a clock set back must not make the newest look old. What lay further ahead nobody took.
      lastWrittenAt = lastWrittenAt > clock.now() + MAX_SKEW_MS ? clock.now() : Math.max(clock.now(), lastWrittenAt + 1)
      const writtenAt = lastWrittenAt
      await putAll(contents, writtenAt, report, signal)
      const isLeaving = info.state === 'offline'
      await eachAtOnce([...contents.keys()], async (key) => {
        if (!isLeaving) await records.provide(key, signal)
        // The library would repeat it for us, and would go on when our own rounds have stopped.
        await records.stopProviding(key)
      })
      report.readBack = await readBack(what, writtenAt, !isLeaving, signal)
    },
  }
}

async function eachAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items]
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
  }
  const results = await Promise.allSettled(Array.from({ length: CALLS_AT_ONCE }, worker))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed)
    throw failed.reason instanceof Error ? failed.reason : new EspalierError('INTERNAL', messageOf(failed.reason))
}

function sampleOf(keys: readonly string[], count: number, random: () => number): string[] {
  const rest = [...keys]
  return Array.from({ length: Math.min(count, keys.length) }, () =>
    rest.splice(Math.floor(random() * rest.length), 1),
  ).flat()
}
