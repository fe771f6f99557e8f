import type { Evidence, Progress, Step, StepName } from '../../src-shared/status'
import { formatBytes, formatIn, formatWhole } from '../format'
import { say } from '.'
import { coordinatorWords } from './coordinator'
import { nodeSentence } from './node-says'

/** A sentence with the places where an id or a time is set in its own way. */
export type Words = readonly (string | { peer: string } | { ageOf: number })[]

export function stepTitle({ name, state, blocker }: Pick<Step, 'name' | 'state' | 'blocker'>): string {
  if (blocker?.code === 'FETCH_PAUSED') return say.STEPS.fetchPaused
  return blocker?.code === 'LOAD_AWAITED' ? say.STEPS.loadAwaited : say.STEP_TITLES[name][state]
}

/** Who said what, as a witness would put it; freshness is part of what another peer says. */
export function evidenceWords(step: StepName, { kind, by, at, value }: Evidence): Words {
  const tail = tailOf(value)
  const lead = say.PEER_LEADS[step] ?? say.STEPS.saidBy
  switch (kind) {
    case 'peer':
      // "Answered by … in 3 ms, 1 min ago": how long it took belongs to the answer, not to its age.
      return tail.startsWith(' in ')
        ? [lead, { peer: by }, `${tail}, `, { ageOf: at }]
        : [lead, { peer: by }, ' ', { ageOf: at }, tail]
    case 'coordinator':
      return [coordinatorWords(hostOf(by), value)]
    case 'hash':
      return [say.STEPS.checkedWith(by), tail]
    case 'measurement':
      return [say.STEPS.measuredBy(by), tail]
  }
}

const DIALLED_BACK = 'dialled back'

function tailOf(value: string): string {
  if (value === '') return ''
  if (value.startsWith(DIALLED_BACK)) return say.STEPS.dialledBack(value.slice(DIALLED_BACK.length))
  return say.STEPS.goesOn.test(value) ? ` ${value}` : `: ${value}`
}

export function progressWords({ done, total, unit }: Progress): string {
  if (unit === 'bytes') return say.STEPS.progress(formatBytes(done), formatBytes(total))
  return `${say.STEPS.progress(formatWhole(done), formatWhole(total))} ${say.STEPS.units[unit] ?? unit}`
}

export function nextWords(next: { what: string; at?: number | undefined }, now: number): string {
  const what = nodeSentence(next.what.replace(/\.$/, ''))
  return next.at === undefined ? `${what}.` : `${what} ${formatIn(next.at - now)}.`
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url
}
