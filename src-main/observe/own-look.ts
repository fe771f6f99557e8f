import type { PeerId } from '@libp2p/interface'
import { type BlockRange, formatBlocks } from '../../src-shared/blocks'
import { messageOf } from '../../src-shared/errors'
import { type ForeignWord, LOOK_NAMES, type LookName, type OthersSee } from '../../src-shared/status'
import { computeSpans } from '../hivemind/compute-spans'
import type { HivemindDht } from '../hivemind/dht'
import type { FoundValue } from '../hivemind/found-value'
import { blockKey, decodeModelInfo, decodeServerInfo, MODELS_KEY, type ServerInfo } from '../hivemind/server-info'
import { hasReached } from './foreign-verdict'
import type { WitnessAnswer } from './witness-client'

type LookStep = OthersSee['steps'][number]

export interface Intended {
  dhtPrefix: string
  blockCount: number
  range: BlockRange
  publicName: string
}

/** What one peer, asked by itself, has of us. */
export interface PeerLook {
  peer: string
  /** Why it could not be asked; null when it answered. */
  error: string | null
  /** Blocks that the model's entry of the index gives; null when the model is not listed or the entry is unreadable. */
  indexBlocks: number | null
  found: number
  asked: number
  /** Our newest record there, if it can be decoded. */
  info: ServerInfo | null
  expirationS: number
  /** Our row as the monitor's rules make it from these records; null when they make none. */
  row: BlockRange | null
}

/** Asks one peer, and nobody else, for everything that a map would ask for. Never rejects. */
export async function lookThrough(
  dht: Pick<HivemindDht, 'findAt'>,
  peer: PeerId,
  self: PeerId,
  intended: Intended,
  signal: AbortSignal,
): Promise<PeerLook> {
  const keys = Array.from({ length: intended.blockCount }, (_, block) => blockKey(intended.dhtPrefix, block))
  const ours = keys.slice(intended.range.start, intended.range.end)
  const look: PeerLook = {
    peer: peer.toString(),
    error: null,
    indexBlocks: null,
    found: 0,
    asked: ours.length,
    info: null,
    expirationS: 0,
    row: null,
  }
  let values: Map<string, FoundValue>
  try {
    values = await dht.findAt(peer, [MODELS_KEY, ...keys], { signal })
  } catch (error) {
    return { ...look, error: messageOf(error) }
  }
  const entryOf = (key: string, subkey: string) => {
    const value = values.get(key)
    return value?.kind === 'dictionary' ? value.entries.get(subkey) : undefined
  }
  const records = ours.flatMap((key) => entryOf(key, self.toString()) ?? [])
  const newest = records.toSorted((a, b) => b.expirationS - a.expirationS)[0]
  const index = entryOf(MODELS_KEY, intended.dhtPrefix)
  const row = computeSpans(keys.map((key) => values.get(key) ?? null)).find((span) => span.peer.equals(self))
  return {
    ...look,
    indexBlocks: index ? (decoded(() => decodeModelInfo(index.value))?.numBlocks ?? null) : null,
    found: records.length,
    info: newest ? decoded(() => decodeServerInfo(newest.value)) : null,
    expirationS: newest?.expirationS ?? 0,
    row: row ? { start: row.start, end: row.end } : null,
  }
}

function decoded<T>(decode: () => T): T | null {
  try {
    return decode()
  } catch {
    return null
  }
}

/**
 * The five steps of a map, from what other peers showed: the model is in the index; records are there; a stranger's
 * call is answered; the record can be read and says what we serve; the records make a row. A step that nobody could
 * show is unknown, and so is everything behind a failed one: only the first failure is one.
 * @param foreign peers of other programs that were asked too, for want of witnesses
 */
export function fiveSteps(
  looks: readonly PeerLook[],
  answers: readonly WitnessAnswer[],
  intended: Intended,
  at: number,
  foreign?: readonly ForeignWord[],
): OthersSee {
  const answered = looks.filter(({ error }) => error === null)
  const newest = answered.toSorted((a, b) => b.expirationS - a.expirationS).find(({ found }) => found > 0)
  const step = (name: LookName, by: readonly PeerLook[], value: string, failure: string): LookStep => {
    if (by.length > 0) return { name, state: 'pass', by: by.map(({ peer }) => peer), value }
    if (answered.length > 0) return { name, state: 'fail', by: answered.map(({ peer }) => peer), value: failure }
    const causes = looks.map(({ peer, error }) => `${peer}: ${error}`).join('; ')
    return { name, state: 'unknown', by: [], value: (causes || 'no peer was there to ask').slice(0, 600) }
  }
  const listed = answered.filter(({ indexBlocks }) => indexBlocks === intended.blockCount)
  const wrong = answered.find(({ indexBlocks }) => indexBlocks !== null)
  const holders = answered.filter(({ found, asked }) => found === asked)
  const most = Math.max(0, ...answered.map(({ found }) => found))
  const difference = newest ? differenceOf(newest.info, intended) : 'there is no record to read'
  const rows = answered.filter(({ row }) => row && sameRange(row, intended.range))
  const steps: Record<LookName, LookStep> = {
    index: step(
      'index',
      listed,
      `${intended.dhtPrefix} is listed with ${intended.blockCount} blocks`,
      wrong
        ? `${intended.dhtPrefix} is listed with ${wrong.indexBlocks} blocks, and has ${intended.blockCount}`
        : `${intended.dhtPrefix} is not listed`,
    ),
    records: step(
      'records',
      holders,
      `${intended.range.end - intended.range.start} block records at each`,
      `at most ${most} of ${intended.range.end - intended.range.start} block records`,
    ),
    call: callStep(answers, foreign?.filter(hasReached) ?? []),
    read: step(
      'read',
      newest && difference === null ? [newest] : [],
      `${newest?.info?.state}, blocks ${formatBlocks(intended.range)}, name “${newest?.info?.publicName}”`,
      difference ?? '',
    ),
    row: step(
      'row',
      rows,
      `a row with blocks ${formatBlocks(intended.range)}`,
      'the records make no row for these blocks',
    ),
  }
  const failed = LOOK_NAMES.findIndex((name) => steps[name].state === 'fail')
  return {
    at,
    ...(foreign && foreign.length > 0 ? { foreign: [...foreign] } : {}),
    steps: LOOK_NAMES.map((name, i) =>
      failed >= 0 && i > failed && steps[name].state === 'fail'
        ? { ...steps[name], state: 'unknown', value: `not judged before the step “${LOOK_NAMES[failed]}” passes` }
        : steps[name],
    ),
  }
}

function callStep(answers: readonly WitnessAnswer[], reachers: readonly ForeignWord[]): LookStep {
  const verdicts = answers.flatMap(({ verdict }) => verdict ?? [])
  const called = verdicts.filter(({ dialBack, forms }) => dialBack.ok && forms.every(({ call }) => call.ok))
  const name = 'call'
  if (called.length > 0) {
    const addresses = called.flatMap(({ dialBack }) => (dialBack.ok ? [dialBack.address] : []))
    const by = called.map(({ witness }) => witness)
    return { name, state: 'pass', by, value: `on new connections to ${addresses.join(' and ')}`.slice(0, 600) }
  }
  const causes = verdicts.flatMap(({ dialBack, forms }) =>
    dialBack.ok ? forms.flatMap(({ call }) => (call.ok ? [] : [call.cause])) : [dialBack.cause],
  )
  if (causes.length > 0) {
    return { name, state: 'fail', by: verdicts.map(({ witness }) => witness), value: causes.join('; ').slice(0, 600) }
  }
  if (reachers.length > 0) {
    const value = `on connections from ${reachers.map(({ from }) => from).join(' and ')}`.slice(0, 600)
    return { name, state: 'pass', by: reachers.map(({ peer }) => peer), value }
  }
  return { name, state: 'unknown', by: [], value: 'no peer was there to call' }
}

/** Null when the record says what we serve. */
export function differenceOf(info: ServerInfo | null, { range, publicName }: Intended): string | null {
  if (!info) return 'the record cannot be read'
  if (info.startBlock === null || info.endBlock === null || info.startBlock >= info.endBlock)
    return 'the record names no blocks'
  const said = { start: info.startBlock, end: info.endBlock }
  if (!sameRange(said, range)) return `others see blocks ${formatBlocks(said)}, you serve ${formatBlocks(range)}`
  if (info.publicName !== publicName) return `others see the name “${info.publicName ?? ''}”, yours is “${publicName}”`
  if (info.state !== 'online') return `others see the state ${info.state}`
  return null
}

function sameRange(a: BlockRange, b: BlockRange): boolean {
  return a.start === b.start && a.end === b.end
}
