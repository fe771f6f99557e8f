import type { Clock } from '../../src-shared/clock'
import type { ErrorReport } from '../../src-shared/errors'
import { type Evidence, emptySteps, type Progress, type Step, type StepName } from '../../src-shared/status'

const MAX_EVIDENCE = 8

/**
 * The node's list of steps, and the only way to change it. A step can't become `done` without evidence: calling
 * `done` with none throws, because that is the mistake that this product exists to prevent.
 */
export function createSteps(clock: Clock, onChange: () => void) {
  let steps = new Map<StepName, Step>(emptySteps().map((step) => [step.name, step]))

  function put(name: StepName, change: (step: Step) => Step): void {
    const step = steps.get(name)
    if (!step) return
    steps.set(name, change(step))
    onChange()
  }
  const begun = (step: Step) => step.startedAt ?? clock.now()
  const blocked = (step: Step, state: 'degraded' | 'failed', blocker: ErrorReport, next: Step['next']): Step => ({
    name: step.name,
    state,
    startedAt: begun(step),
    evidence: state === 'degraded' ? step.evidence : [],
    blocker,
    ...(next ? { next } : {}),
  })

  return {
    all: (): Step[] => [...steps.values()],
    get: (name: StepName): Step | undefined => steps.get(name),
    isDone: (name: StepName): boolean => steps.get(name)?.state === 'done',

    /** Begins (again): evidence of an earlier time no longer counts. */
    working(name: StepName, next?: Step['next']): void {
      put(name, ({ startedAt, state }) => ({
        name,
        state: 'working',
        startedAt: state === 'working' ? (startedAt ?? clock.now()) : clock.now(),
        evidence: [],
        ...(next ? { next } : {}),
      }))
    },
    waiting(name: StepName, next: Step['next'], evidence: Evidence[] = []): void {
      put(name, (step) => ({
        name,
        state: 'waiting',
        startedAt: begun(step),
        evidence: evidence.slice(-MAX_EVIDENCE),
        ...(next ? { next } : {}),
      }))
    },
    /** It waits because somebody said so: how far it came stays visible beside who did. */
    held(name: StepName, blocker: ErrorReport): void {
      put(name, (step) => ({
        name,
        state: 'waiting',
        startedAt: begun(step),
        ...(step.progress ? { progress: step.progress } : {}),
        evidence: [],
        blocker,
      }))
    },
    /** Whoever is waited for does not answer: what it last said stays visible beside that. */
    unheard(name: StepName, blocker: ErrorReport, next: Step['next']): void {
      put(name, (step) => ({
        name,
        state: 'waiting',
        startedAt: begun(step),
        evidence: step.evidence,
        blocker,
        ...(next ? { next } : {}),
      }))
    },
    progress(name: StepName, progress: Progress): void {
      put(name, (step) => ({ ...step, progress }))
    },
    done(name: StepName, evidence: Evidence[], next?: Step['next']): void {
      if (evidence.length === 0) throw new Error(`the step “${name}” has no evidence`)
      put(name, (step) => ({
        name,
        state: 'done',
        startedAt: begun(step),
        endedAt: step.state === 'done' ? (step.endedAt ?? clock.now()) : clock.now(),
        ...(step.progress ? { progress: step.progress } : {}),
        evidence: evidence.slice(-MAX_EVIDENCE),
        ...(next ? { next } : {}),
      }))
    },
    /** It was true and is doubtful now: what we knew stays visible beside the reason. */
    degraded(name: StepName, blocker: ErrorReport, next?: Step['next']): void {
      put(name, (step) => blocked(step, 'degraded', blocker, next))
    },
    failed(name: StepName, blocker: ErrorReport, next?: Step['next']): void {
      put(name, (step) => blocked(step, 'failed', blocker, next))
    },
    /** What was true is doubtful now; what never was has failed. */
    doubted(name: StepName, blocker: ErrorReport, next?: Step['next']): void {
      put(name, (step) => {
        const wasTrue = step.state === 'done' || step.state === 'degraded'
        return blocked(step, wasTrue ? 'degraded' : 'failed', blocker, next)
      })
    },
    idle(...names: StepName[]): void {
      for (const name of names) put(name, () => ({ name, state: 'idle', startedAt: null, evidence: [] }))
    },
    reset(): void {
      steps = new Map(emptySteps().map((step) => [step.name, step]))
      onChange()
    },
  }
}

export type Steps = ReturnType<typeof createSteps>
