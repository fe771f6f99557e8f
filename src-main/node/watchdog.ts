import type { Clock, Disposer } from '../../src-shared/clock'
import type { ErrorCode } from '../../src-shared/error-catalogue'
import { type ErrorReport, EspalierError } from '../../src-shared/errors'
import type { StepName } from '../../src-shared/status'
import { type NetworkProfile, timingsOf } from '../network/profiles'
import { evidenceAgeMs } from './evidence-age'
import type { Steps } from './steps'
import { SLEPT_MS } from './wake'

/**
 * An interval lies between the end of a round, a look, a heartbeat or a test pass and the beginning of the next: what they
 * take themselves is no part of it, and on a busy computer grows while the interval does not. A heartbeat waits this long
 * for its answer at the least (`attemptTimeoutMs`), and nobody is to say sooner that none came.
 */
const ROUND_MS = 2_000

interface Rule {
  step: StepName
  /** Evidence older than this and `ROUND_MS` no longer counts. */
  maxAgeMs: number
  code: ErrorCode
  what: string
  /** Which piece of evidence counts; without it the newest. */
  at?: number
}

/**
 * Doubts every light whose evidence has grown old, or lies ahead of a clock that was set back. It knows nothing of the
 * parts that bring the evidence: a timer that died, a loop that hangs and a handler that was never called all look the
 * same from here, and are found.
 */
export function watchEvidenceAge(
  steps: Steps,
  { timings, recordForms }: Pick<NetworkProfile, 'timings' | 'recordForms'>,
  clock: Clock,
  onDoubt: (step: StepName, report: ErrorReport) => void,
): Disposer {
  const rules: Rule[] = [
    {
      step: 'approve',
      maxAgeMs: 2.2 * timings.heartbeatIntervalMs,
      code: 'COORDINATOR_UNREACHABLE',
      what: 'its last answer to a heartbeat',
    },
    { step: 'prove', maxAgeMs: 2.2 * timings.reprobeIntervalMs, code: 'PROBE_FAILED', what: 'the last test pass' },
    // One piece of evidence a form, in the profile's order: a form that went silent must not hide behind the other.
    ...recordForms.map(
      (form, at): Rule => ({
        step: 'announce',
        maxAgeMs: 2.2 * timingsOf(timings, form).announceIntervalMs,
        code: 'NOT_STORED',
        what: `the last round of records (${form} form)`,
        at,
      }),
    ),
    {
      step: 'serve',
      maxAgeMs: 2.2 * timings.witnessIntervalMs,
      code: 'NO_WITNESS',
      what: 'the last look at the way in',
    },
    {
      step: 'visible',
      maxAgeMs: 2.2 * timings.witnessIntervalMs,
      code: 'NO_WITNESS',
      what: 'the last look from outside',
    },
  ]
  const shortestMs = Math.min(timings.heartbeatIntervalMs, timings.announceIntervalMs, timings.witnessIntervalMs)
  const intervalMs = Math.max(100, shortestMs / 4)
  let lastCheckAt = clock.now()
  const check = () => {
    const now = clock.now()
    // Whoever slept brought no evidence: nobody is at fault for that.
    const hasSlept = now - lastCheckAt - intervalMs > SLEPT_MS
    lastCheckAt = now
    for (const { step: name, maxAgeMs, code, what, at: index } of rules) {
      const step = steps.get(name)
      if (step?.state !== 'done') continue
      const counted = index === undefined ? step.evidence : step.evidence.slice(index, index + 1)
      const ageMs = Math.min(...counted.map(({ at }) => evidenceAgeMs(at, now)))
      if (ageMs <= maxAgeMs + ROUND_MS) continue
      const isAhead = ageMs === Number.POSITIVE_INFINITY
      const cause = isAhead ? `${what} lies ahead of the clock` : `${what} was ${Math.round(ageMs / 1000)} s ago`
      const report = new EspalierError(isAhead || hasSlept ? 'STALE_AFTER_SLEEP' : code, cause).report()
      steps.degraded(name, report)
      onDoubt(name, report)
    }
  }
  return clock.every(intervalMs, check)
}
