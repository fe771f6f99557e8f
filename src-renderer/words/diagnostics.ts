import type { Check } from '../../src-shared/app-views'
import type { StatusShape } from '../../src-shared/status'
import { say } from '.'

const SHAPES: Readonly<Record<Check['verdict'], StatusShape>> = {
  pass: 'visible',
  warn: 'degraded',
  fail: 'problem',
  unknown: 'waiting',
}

export function verdictWords(verdict: Check['verdict']): { word: string; shape: StatusShape } {
  return { word: say.VERDICTS[verdict], shape: SHAPES[verdict] }
}

export function logCountWords(shown: number, all: number): string {
  return shown === all ? say.LOG.lines(all) : say.LOG.some(shown, say.LOG.lines(all))
}

export function checksLead(checks: readonly Check[] | null): string {
  const { DIAGNOSTICS } = say
  if (!checks || checks.length === 0) return DIAGNOSTICS.lead
  const count = (verdict: Check['verdict']) => checks.filter((check) => check.verdict === verdict).length
  const parts = (['fail', 'warn', 'unknown'] as const)
    .filter((verdict) => count(verdict) > 0)
    .map((verdict) => DIAGNOSTICS[verdict](count(verdict)))
  const all = DIAGNOSTICS.all(checks.length)
  return parts.length === 0 ? DIAGNOSTICS.allPass(all) : `${all}: ${parts.join(', ')}.`
}
