import type { Machine } from './machine'

/** One figure beside what it is compared with; both are medians of interleaved repetitions of the same run. */
export interface Row {
  name: string
  ours: number
  reference: number
  referenceIs: string
  /** ours / reference */
  ratio: number
  unit: string
  better: 'higher' | 'lower'
  /** Bound of `ratio`: the least where higher is better, the most where lower is. Null: nothing was promised. */
  target: number | null
  ok: boolean
  detail: string
}

/** A row that could not be measured here. */
export interface Skipped {
  name: string
  why: string
}

export interface Outcome {
  rows: Row[]
  skipped?: Skipped[]
}

export interface Report extends Outcome {
  bench: string
  machine: Machine
}

export type Say = (line: string) => void
export type Measurement = (say: Say) => Promise<Row[] | Outcome>

/** Completes a row. `isValid` says whether the figure means anything, for example that the answers were right. */
export function rowOf(row: Omit<Row, 'ratio' | 'ok'>, isValid: boolean): Row {
  const ratio = row.ours / row.reference
  const meets = row.target === null || (row.better === 'higher' ? ratio >= row.target : ratio <= row.target)
  return { ...row, ratio, ok: isValid && meets }
}

export function reportOf(bench: string, machine: Machine, outcome: Row[] | Outcome): Report {
  return { bench, machine, ...(Array.isArray(outcome) ? { rows: outcome } : outcome) }
}

/** The report for people: a line a row, then what stands behind it. */
export function tableOf({ bench, machine, rows, skipped = [] }: Report): string {
  const head = ['', 'ours', 'reference', 'unit', 'ratio', 'target', '']
  const cells = rows.map(({ name, ours, reference, unit, ratio, better, target, ok }) => [
    name,
    short(ours),
    short(reference),
    unit,
    ratio.toFixed(3),
    target === null ? '–' : `${better === 'higher' ? '≥' : '≤'} ${target}`,
    ok ? 'ok' : 'MISSED',
  ])
  const widths = head.map((_, column) => Math.max(...[head, ...cells].map((line) => line[column]?.length ?? 0)))
  const lines = [head, ...cells].map((line) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
  const { processor, cores, system, node, loadBefore, loadAfter } = machine
  const place = `${bench} on ${processor}, ${cores} cores, ${system}, Node ${node}; load ${loadBefore.toFixed(1)} before, ${loadAfter.toFixed(1)} after`
  const left = skipped.map(({ name, why }) => `${name}: skipped: ${why}`)
  const details = rows.flatMap(({ name, referenceIs, detail }) => [
    `${name}: reference is ${referenceIs}`,
    `  ${detail}`,
  ])
  return `${[place, '', ...lines, '', ...details, ...left].join('\n')}\n`
}

function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(2) : value.toPrecision(3)
}
