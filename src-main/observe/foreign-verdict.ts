import { type ErrorReport, EspalierError } from '../../src-shared/errors'
import type { Evidence, ForeignWord } from '../../src-shared/status'
import { type VisibilityVerdict, WITNESSES_NEEDED } from './visibility'

/** What a peer of another family showed of us, with what is needed to judge it. */
export interface ForeignFinding extends ForeignWord {
  /** The records that it returned say what we serve now, and are of the last rounds. */
  isCurrent: boolean
  /** See `placeOf`. */
  place: string | null
  /** Whose connection reached us: Petals calls from a host of its own, with an id of its own. */
  caller: string | null
  /** When that connection was opened: what it shows is as old. */
  cameAt: number | null
  /** Not through a relay. */
  isDirect: boolean
}

export interface ForeignLook {
  findings: readonly ForeignFinding[]
  /** Why our own rpc_info did not answer when it was called as a stranger would; null when it did. */
  infoFailure: string | null
}

/** Of each part: evidence is for reading. */
const MAX_NAMED = 3

/** Who reached us, and so that it counts. */
export function hasReached({ reach }: ForeignWord): boolean {
  return reach === 'fresh' || reach === 'called'
}

/**
 * Adds what peers of other families showed to a verdict that lacks witnesses. They sign nothing, so where there is no
 * witness at all each part must be shown by two, of different places: that they return our records, and that they reach
 * us over connections that they opened. What a witness has against us is not outweighed.
 */
export function withForeign(own: VisibilityVerdict, look: ForeignLook): VisibilityVerdict {
  if (own.visible || own.blocker?.code !== 'NO_WITNESS') return own
  const { findings } = look
  const readers = ofDifferentPlaces(findings.filter(({ found, isCurrent }) => found > 0 && isCurrent))
  const reachers = ofDifferentPlaces(ofDifferentCallers(findings.filter(hasReached)))
  const needed = foreignNeeded(own)
  const isShown = readers.length >= needed && reachers.length >= needed
  const visible = isShown && look.infoFailure === null
  const counted = [...readers.slice(0, MAX_NAMED), ...reachers.slice(0, MAX_NAMED)]
  const named = findings.filter((finding) => counted.includes(finding))
  return {
    ...own,
    visible,
    byForeign: visible,
    evidence: [...own.evidence, ...named.map(evidenceOf)],
    blocker: visible ? null : objection(own.blocker, look, { needed, readers, reachers }),
    isDialable: own.isDialable ?? dialledBy(findings),
  }
}

/** A witness that saw us counts as one that read and one that came. */
export function foreignNeeded({ evidence }: VisibilityVerdict): number {
  return Math.max(0, WITNESSES_NEEDED - new Set(evidence.map(({ by }) => by)).size)
}

/** One of each place. */
function ofDifferentPlaces(findings: readonly ForeignFinding[]): ForeignFinding[] {
  return firstOfEach(findings, ({ place }) => place)
}

/** Two that sent the same caller are one. */
function ofDifferentCallers(findings: readonly ForeignFinding[]): ForeignFinding[] {
  return firstOfEach(findings, ({ caller }) => caller)
}

function firstOfEach<T>(items: readonly T[], of: (item: T) => string | null): T[] {
  const chosen = new Map<string, T>()
  for (const item of items) {
    const key = of(item)
    if (key !== null && !chosen.has(key)) chosen.set(key, item)
  }
  return [...chosen.values()]
}

/** That one peer's probe did not find us may be its own trouble; two that agree are about us. */
function dialledBy(findings: readonly ForeignFinding[]): boolean | null {
  if (findings.some((finding) => hasReached(finding) && finding.isDirect)) return true
  return findings.filter(({ reach }) => reach === 'no').length >= WITNESSES_NEEDED ? false : null
}

function evidenceOf(finding: ForeignFinding): Evidence {
  const { peer, at, agent, found, asked, from, reach, cameAt } = finding
  const ageS = Math.max(0, Math.round((at - (cameAt ?? at)) / 1000))
  const way = reach === 'called' ? `with a call, on a connection of its own, ${ageS} s old,` : 'on a new connection'
  const parts = [
    ...(hasReached(finding) ? [`dialled back ${way} from ${from}`] : []),
    ...(found > 0 && finding.isCurrent ? [`${found} of ${asked} hivemind records`] : []),
  ]
  return { kind: 'peer', by: peer, at, value: `${parts.join('; ')} (${agent}, not signed)` }
}

interface Counted {
  needed: number
  readers: readonly ForeignFinding[]
  reachers: readonly ForeignFinding[]
}

/** The most upstream cause; that there are too few peers, where nothing was seen that is wrong. */
function objection(
  nobody: ErrorReport,
  { findings, infoFailure }: ForeignLook,
  { needed, readers, reachers }: Counted,
): ErrorReport {
  const asked = findings.filter((finding) => finding.asked > 0)
  if (readers.length < needed && asked.length >= needed) {
    const said = asked.filter((finding) => !readers.includes(finding)).map((one) => `${one.peer} ${whyNotRead(one)}`)
    return new EspalierError('NOT_READ_BACK', shortened(said)).report()
  }
  const tried = findings.filter(({ reach }) => reach !== 'not_asked')
  if (readers.length >= needed && reachers.length < needed && tried.length >= needed) {
    const said = tried.filter((finding) => !reachers.includes(finding)).map((one) => `${one.peer} ${MISSES[one.reach]}`)
    return new EspalierError('NOT_DIALLED_BACK', shortened(said)).report()
  }
  if (infoFailure !== null && readers.length >= needed && reachers.length >= needed) {
    return new EspalierError('REMOTE_ERROR', `rpc_info did not answer: ${infoFailure}`).report()
  }
  if (findings.length === 0) return nobody
  const cause = `peers of other programs: ${readers.length} returned the records, ${reachers.length} reached this node on connections of their own; ${needed} of different places have to`
  return new EspalierError('NO_WITNESS', cause).report()
}

const NOT_ANOTHER = 'counts for one with another of its place, or its place is not known'

const MISSES: Record<ForeignWord['reach'], string> = {
  fresh: NOT_ANOTHER,
  called: NOT_ANOTHER,
  held: 'says yes, but opened no new connection',
  no: 'cannot reach this node',
  silent: 'did not answer',
  not_asked: 'was not asked',
}

function whyNotRead({ found, asked, isCurrent }: ForeignFinding): string {
  if (found === 0) return `has 0 of ${asked} records`
  return isCurrent ? NOT_ANOTHER : 'has old records'
}

function shortened(said: readonly string[]): string {
  return said.join('; ').slice(0, 500)
}
