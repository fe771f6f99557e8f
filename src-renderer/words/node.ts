import { formatBlocks } from '../../src-shared/blocks'
import type { PeerSummary, StatusShape } from '../../src-shared/status'
import { say } from '.'

const PEER_SHAPES: Readonly<Record<PeerSummary['state'], StatusShape>> = {
  online: 'visible',
  joining: 'working',
  offline: 'stopped',
  unreachable: 'problem',
  unknown: 'waiting',
}

export function peerStateWords(state: PeerSummary['state']): { word: string; shape: StatusShape } {
  return { word: say.PEER_STATES[state], shape: PEER_SHAPES[state] }
}

export function profileWords(profile: string): string {
  return say.PROFILES[profile] ?? profile
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
  const isOne = ranges.length <= 1 && isSingle(ranges[0])
  return say.COVERAGE.blocks(ranges.map(formatBlocks).join(', '), isOne)
}

/** The strip's headline: is the chain whole, and how thin is it at its thinnest? */
export function coverageWords(coverage: readonly number[]): string {
  const { COVERAGE } = say
  if (coverage.length === 0) return COVERAGE.unknown
  const gaps = gapsOf(coverage)
  if (gaps.length > 0) return COVERAGE.gaps(blockWords(gaps))
  const least = Math.min(...coverage)
  return least === 1 ? COVERAGE.single : COVERAGE.least(least)
}

/** The whole strip in words, for those who do not see it: runs of equal blocks, ours named. */
export function stripWords(coverage: readonly number[], own: Range | null): string[] {
  const isOwn = (block: number) => own !== null && block >= own.start && block < own.end
  return runsOf(coverage, (copies, block) => `${copies}/${isOwn(block)}`).map((run) => {
    const copies = coverage[run.start] ?? 0
    const whose = isOwn(run.start) ? `, ${say.COVERAGE.own}` : ''
    return `${capitalize(blockWords([run]))}${whose}: ${copyWords(copies)}.`
  })
}

export function copyWords(copies: number): string {
  return copies === 0 ? say.COVERAGE.none : say.COVERAGE.copies(copies)
}

export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
