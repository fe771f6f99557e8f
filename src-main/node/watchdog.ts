import type { Clock, Disposer } from '../../src-shared/clock'
import type { ErrorCode } from '../../src-shared/error-catalogue'
import { type ErrorReport, EspalierError } from '../../src-shared/errors'
import type { StepName } from '../../src-shared/status'
import type { ProfileTimings } from '../network/profiles'
import type { Steps } from './steps'

interface Rule {
  step: StepName
  /** Evidence older than this no longer counts. */
  maxAgeMs: number
  code: ErrorCode
  what: string
}

/**
 * Doubts every light whose evidence has grown old. It knows nothing of the parts that bring the evidence: a timer
 * that died, a loop that hangs and a handler that was never called all look the same from here, and are found.
 */
export function watchEvidenceAge(
  steps: Steps,
  timings: ProfileTimings,
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
    {
      step: 'announce',
      maxAgeMs: 1.6 * timings.announceIntervalMs,
      code: 'NOT_STORED',
      what: 'the last round of records',
    },
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
  const check = () => {
    for (const { step: name, maxAgeMs, code, what } of rules) {
      const step = steps.get(name)
      if (step?.state !== 'done') continue
      const newest = Math.max(...step.evidence.map(({ at }) => at))
      const ageMs = clock.now() - newest
      if (ageMs <= maxAgeMs) continue
      const report = new EspalierError(code, `${what} was ${Math.round(ageMs / 1000)} s ago`).report()
      steps.degraded(name, report)
      onDoubt(name, report)
    }
  }
  const shortestMs = Math.min(timings.heartbeatIntervalMs, timings.announceIntervalMs, timings.witnessIntervalMs)
  return clock.every(Math.max(100, shortestMs / 4), check)
}
