import type { AppView, SupportBundle } from '../../../src-shared/app-view'
import type { Check, LogLine } from '../../../src-shared/app-views'
import { formatBlocks } from '../../../src-shared/blocks'
import { isoTime } from '../../../src-shared/clock'
import type { Settings } from '../../../src-shared/settings'
import type { NodeStatus } from '../../../src-shared/status'
import { shardTable } from '../shard-diagnosis'
import type { Redactor } from './redact'

export interface BundleSources {
  now: number
  /** Version, platform and host, as the page shows them. */
  app: Pick<AppView, 'version' | 'platform' | 'host' | 'lights'>
  runtime: string
  status: NodeStatus
  settings: Settings
  checks: readonly Check[]
  /** Oldest first. */
  logLines: readonly LogLine[]
}

/** Fits into one message of the bridge, however its characters are written in JSON. */
const MAX_TEXT_BYTES = 120_000

/**
 * What helps somebody to help, as one text that a person can read before it goes anywhere. Everything in it passes
 * the redactor; names of files, prompts and answers are not in it to begin with. The newest log lines, as many as fit.
 */
export function makeBundle(sources: BundleSources, redactor: Redactor): Pick<SupportBundle, 'text' | 'takenOut'> {
  const head = redactor.clean(
    [
      ...section('Espalier', aboutLines(sources)),
      ...section('State', stateLines(sources.status)),
      ...section(
        'Connections',
        sources.app.lights.map(({ id, state, evidence }) => `${id}: ${state}. ${evidence}`),
      ),
      ...section('Checks', sources.checks.map(checkLine)),
      ...section('Shards', shardTable(sources.status)),
      ...section('Settings', settingLines(sources.settings)),
    ].join('\n'),
  )
  const lines = newestThatFit(
    sources.logLines.map((line) => redactor.clean(logLine(line))),
    MAX_TEXT_BYTES - sizeInJson(head),
  )
  const text = [head, ...section('Log', lines)].join('\n')
  return { text: `${text.trim()}\n`, takenOut: redactor.takenOut() }
}

/** The short form for a chat or a ticket: state and checks. */
export function summaryOf(sources: BundleSources, redactor: Redactor): string {
  const lines = [
    ...aboutLines(sources),
    '',
    ...stateLines(sources.status),
    '',
    ...sources.app.lights.map(({ id, state }) => `${id}: ${state}`),
    '',
    ...sources.checks.map(checkLine),
  ]
  return `${redactor.clean(lines.join('\n'))}\n`
}

function section(title: string, lines: readonly string[]): string[] {
  return [`== ${title}`, ...(lines.length > 0 ? lines : ['(nothing)']), '']
}

function aboutLines({ app, runtime, now }: BundleSources): string[] {
  return [`Espalier ${app.version} (${app.host}) on ${app.platform}, ${runtime}`, `Written at ${isoTime(now)}`]
}

function stateLines({
  headline,
  sentence,
  phase,
  profile,
  blocks,
  loadLevel,
  model,
  peers,
  steps,
}: NodeStatus): string[] {
  const served = blocks === null ? 'no blocks' : `blocks ${formatBlocks(blocks)}`
  return [
    `${headline}. ${sentence}`,
    `phase ${phase}, profile ${profile}, ${served} of ${model?.name ?? 'no model'}, ${loadLevel}, ${peers.length} peers`,
    ...steps.map(({ name, state, blocker, evidence }) => {
      const why = blocker ? ` [${blocker.code}] ${blocker.cause}` : ''
      const by = evidence.map((one) => `${one.kind} ${one.by}: ${one.value}`).join('; ')
      return `${name}: ${state}${why}${by === '' ? '' : ` (${by})`}`
    }),
  ]
}

function checkLine({ title, verdict, evidence, code }: Check): string {
  return `${verdict.toUpperCase()} ${title}: ${evidence}${code === null ? '' : ` [${code}]`}`
}

/** Which file and which name is nobody's business; whether there is one may matter. */
function settingLines(settings: Settings): string[] {
  const hidden = new Set(['publicName', 'modelPath', 'caFile'])
  return Object.entries(settings).map(([name, value]) => {
    if (hidden.has(name)) return `${name}: ${value === null ? 'none' : '(set)'}`
    return `${name}: ${typeof value === 'object' ? JSON.stringify(value) : value}`
  })
}

function logLine({ at, level, code, message }: LogLine): string {
  return `${isoTime(at)} ${level} ${code} ${message}`
}

function newestThatFit(lines: readonly string[], roomBytes: number): string[] {
  let left = roomBytes
  let first = lines.length
  while (first > 0) {
    left -= sizeInJson(lines[first - 1] ?? '') + 2
    if (left < 0) break
    first -= 1
  }
  return lines.slice(first)
}

function sizeInJson(text: string): number {
  return Buffer.byteLength(JSON.stringify(text))
}
