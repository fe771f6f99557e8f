import { formatBlocks } from '../../src-shared/blocks'
import type { PeerSummary, StatusShape } from '../../src-shared/status'
import type { Theme } from '../theme'

export const SHAPE_NAMES: Readonly<Record<StatusShape, string>> = {
  visible: 'visible',
  working: 'working',
  waiting: 'waiting',
  degraded: 'degraded',
  problem: 'problem',
  stopped: 'stopped',
}

export const PEER_STATES: Readonly<Record<PeerSummary['state'], { word: string; shape: StatusShape }>> = {
  online: { word: 'Online', shape: 'visible' },
  joining: { word: 'Joining', shape: 'working' },
  offline: { word: 'Offline', shape: 'stopped' },
  unreachable: { word: 'Unreachable', shape: 'problem' },
  unknown: { word: 'Unknown', shape: 'waiting' },
}

export const THEME_NAMES: Readonly<Record<Theme, string>> = { system: 'As the system', light: 'Light', dark: 'Dark' }

const PROFILES: Readonly<Record<string, string>> = {
  none: 'No network yet',
  local: 'This computer only',
  espalier: 'Espalier network',
  kwaai: 'KwaaiNet',
  petals: 'Petals',
}

export function profileWords(profile: string): string {
  return PROFILES[profile] ?? profile
}

interface Range {
  start: number
  end: number
}

export function isSingle(range: Range | undefined): boolean {
  return range !== undefined && range.end - range.start === 1
}

export function gapsOf(coverage: readonly number[]): Range[] {
  return runsOf(coverage, (copies) => copies === 0).filter(({ value }) => value)
}

function runsOf<V>(coverage: readonly number[], keyOf: (copies: number, block: number) => V) {
  const runs: (Range & { value: V })[] = []
  coverage.forEach((copies, block) => {
    const value = keyOf(copies, block)
    const last = runs.at(-1)
    if (last && last.value === value) last.end = block + 1
    else runs.push({ start: block, end: block + 1, value })
  })
  return runs
}

export function blockWords(ranges: readonly Range[]): string {
  const plural = ranges.length > 1 || !isSingle(ranges[0])
  return `${plural ? 'blocks' : 'block'} ${ranges.map(formatBlocks).join(', ')}`
}

/** The strip's headline: is the chain whole, and how thin is it at its thinnest? */
export function coverageWords(coverage: readonly number[]): string {
  if (coverage.length === 0) return 'Not known yet who serves which block'
  const gaps = gapsOf(coverage)
  if (gaps.length > 0) return `Nobody serves ${blockWords(gaps)} yet`
  const least = Math.min(...coverage)
  return least === 1 ? 'Every block has at least one copy' : `Every block has ${least} or more copies`
}

/** The whole strip in words, for those who do not see it: runs of equal blocks, ours named. */
export function stripWords(coverage: readonly number[], own: Range | null): string[] {
  const isOwn = (block: number) => own !== null && block >= own.start && block < own.end
  return runsOf(coverage, (copies, block) => `${copies}/${isOwn(block)}`).map((run) => {
    const copies = coverage[run.start] ?? 0
    return `${capitalize(blockWords([run]))}${isOwn(run.start) ? ', yours' : ''}: ${copyWords(copies)}.`
  })
}

export function copyWords(copies: number): string {
  if (copies === 0) return 'served by nobody'
  return copies === 1 ? '1 copy' : `${copies} copies`
}

export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
