import type { BlockRange } from '../../src-shared/blocks'
import { type ErrorReport, EspalierError } from '../../src-shared/errors'
import type { Evidence } from '../../src-shared/status'
import type { WitnessAnswer } from './witness-client'
import type { Verdict } from './witness-wire'

/** How many different peers must have seen us before we call ourselves visible. */
export const WITNESSES_NEEDED = 2

export interface VisibilityVerdict {
  visible: boolean
  evidence: Evidence[]
  /** Why not, the most upstream cause first; null when visible. */
  blocker: ErrorReport | null
  /** What peers saw of our pipeline protocol: the evidence of the serve step. */
  serving: Evidence[]
  servingBlocker: ErrorReport | null
  /** Visible with the help of peers of other families (foreign-verdict.ts), who know nothing of our pipeline. */
  byForeign: boolean
  /** Whether a stranger reached an address of our own, without a relay; null: nobody looked. */
  isDialable: boolean | null
}

/**
 * Folds witnesses' answers into one verdict. `range` and `root` are what we mean to serve, `now` is our own clock in ms
 * since the epoch: a witness whose clock is ahead can't make its evidence last longer than that of others.
 */
export function judgeVisibility(
  answers: readonly WitnessAnswer[],
  range: BlockRange,
  root: string,
  now: number,
): VisibilityVerdict {
  const verdicts = answers.flatMap(({ verdict }) => (verdict ? [{ ...verdict, at: Math.min(verdict.at, now) }] : []))
  const good = verdicts.filter((verdict) => objection(verdict) === null)
  const serving = verdicts.filter(({ pipeline }) => pipeline.ok && sameSlice(pipeline, range, root))
  const visible = new Set(good.map(({ witness }) => witness)).size >= WITNESSES_NEEDED
  return {
    visible,
    evidence: good.map(seen),
    blocker: visible ? null : firstObjection(answers),
    serving: serving.map((verdict) => ({
      kind: 'peer',
      by: verdict.witness,
      at: verdict.at,
      value: 'on a new connection, for these blocks',
    })),
    servingBlocker: serving.length > 0 ? null : servingObjection(verdicts),
    byForeign: false,
    isDialable: dialledDirectly(verdicts),
  }
}

/** Others see the node, and nobody is there who could look at the way in, however often they are asked. */
export function isUnseen({ byForeign, servingBlocker }: VisibilityVerdict): boolean {
  return byForeign && servingBlocker?.code === 'NO_WITNESS'
}

/** One is enough: where all nodes are behind routers, none of them can ask another before it has a place at a relay. */
function dialledDirectly(verdicts: readonly Verdict[]): boolean | null {
  if (verdicts.some(({ dialBack }) => dialBack.ok && !isRelayed(dialBack.address))) return true
  return verdicts.length === 0 ? null : false
}

function isRelayed(address: string): boolean {
  return address.includes('/p2p-circuit')
}

function seen({ witness, at, forms, dialBack }: Verdict): Evidence {
  const dialled = dialBack.ok
    ? `dialled back ${placeOf(dialBack.address)} in ${Math.round(dialBack.roundTripMs)} ms`
    : ''
  const found = forms.flatMap(({ form, records, call }) => [
    ...(records.ok ? [`${records.found} of ${records.asked} ${form} records read from ${records.readFrom}`] : []),
    ...(call.ok ? [`${CALL_NAMES[form]} ${call.version}`] : []),
  ])
  return { kind: 'peer', by: witness, at, value: [dialled, ...found].join('; ') }
}

const CALL_NAMES = { hivemind: 'rpc_info', kademlia: 'info call' } as const

/** `/ip4/10.0.0.5/tcp/31338/p2p/…` as people write it. */
function placeOf(address: string): string {
  const [, , host, , port] = address.split('/')
  const place = host && port ? `${host}:${port}` : address
  return isRelayed(address) ? `through the relay at ${place}` : `at ${place}`
}

/** What speaks against a verdict, in the order in which a stranger would meet it. */
function objection({ witness, forms, dialBack }: Verdict): EspalierError | null {
  for (const { form, records } of forms) {
    if (!records.ok) return new EspalierError('NOT_READ_BACK', `${witness} says (${form} form): ${records.cause}`)
    if (records.found < records.asked) {
      const share = `${records.found} of ${records.asked} ${form} records`
      return new EspalierError('NOT_READ_BACK', `${witness} found ${share}`)
    }
  }
  if (!dialBack.ok) return new EspalierError('NOT_DIALLED_BACK', `${witness} says: ${dialBack.cause}`)
  for (const { form, call } of forms) {
    if (!call.ok) {
      return new EspalierError('REMOTE_ERROR', `${CALL_NAMES[form]} did not answer ${witness}: ${call.cause}`)
    }
  }
  return null
}

function firstObjection(answers: readonly WitnessAnswer[]): ErrorReport {
  for (const { verdict } of answers) {
    const found = verdict && objection(verdict)
    if (found) return found.report()
  }
  const silent = answers.flatMap(({ witness, error }) => (error ? [`${witness} (${error.cause})`] : []))
  const detail =
    silent.length > 0 ? silent.join('; ') : `${answers.length} of ${WITNESSES_NEEDED} peers were there to ask`
  return new EspalierError('NO_WITNESS', detail).report()
}

function servingObjection(verdicts: readonly Verdict[]): ErrorReport {
  const [verdict] = verdicts
  if (!verdict) return new EspalierError('NO_WITNESS').report()
  const said = verdict.pipeline.ok ? 'it answered for other blocks' : verdict.pipeline.cause
  return new EspalierError(
    'NOT_DIALLED_BACK',
    `the pipeline protocol did not answer ${verdict.witness}: ${said}`,
  ).report()
}

function sameSlice(found: { start: number; end: number; root: string }, range: BlockRange, root: string): boolean {
  return found.start === range.start && found.end === range.end && found.root === root
}
