import { networkInterfaces } from 'node:os'
import type { Clock, Disposer } from '../../src-shared/clock'
import type { ErrorReport } from '../../src-shared/errors'
import type { Steps } from './steps'

const LOOK_INTERVAL_MS = 5_000
/** A timer that is this late did not wait for a busy processor: the computer slept. */
export const SLEPT_MS = 15_000
/** Smaller steps are corrections. */
const SET_BACK_MS = 2_000

export type Wake =
  | { kind: 'slept'; forMs: number }
  | { kind: 'clock-set-back'; byMs: number }
  | { kind: 'network-changed'; addresses: string[] }

/**
 * Tells when the computer has slept, when its clock was set back, or when its own addresses are others now: what was
 * known about being seen is stale at once (D-T06). Works where nobody announces a sleep, such as a laptop's lid or a stopped virtual machine.
 */
export function watchWake(options: { clock: Clock; addresses?: () => string[]; onWake(wake: Wake): void }): Disposer {
  const { clock, addresses = ownAddresses } = options
  let lastLookAt = clock.now()
  let lastLookMonotonicMs = clock.monotonicMs()
  let before = addresses()
  return clock.every(LOOK_INTERVAL_MS, () => {
    const now = clock.now()
    const monotonicMs = clock.monotonicMs()
    // A clock that was set forward shows here too; looking once more does no harm then.
    const lateMs = now - lastLookAt - LOOK_INTERVAL_MS
    // The wall clock against the one that never goes back: also a timer that is late hides no jump.
    const setBackMs = monotonicMs - lastLookMonotonicMs - (now - lastLookAt)
    lastLookAt = now
    lastLookMonotonicMs = monotonicMs
    const current = addresses()
    const hasChanged = current.join() !== before.join()
    before = current
    if (setBackMs > SET_BACK_MS) options.onWake({ kind: 'clock-set-back', byMs: setBackMs })
    else if (lateMs > SLEPT_MS) options.onWake({ kind: 'slept', forMs: lateMs })
    else if (hasChanged) options.onWake({ kind: 'network-changed', addresses: current })
  })
}

/** What was tested and approved before is doubted in the words of what happened; `presence` does so for being seen. */
export function doubtAfterSleep(steps: Steps, blocker: ErrorReport): void {
  if (steps.isDone('prove')) steps.degraded('prove', blocker, { what: 'The next test pass begins now' })
  if (steps.isDone('approve')) steps.degraded('approve', blocker, { what: 'The coordinator is asked again' })
}

export function wakeInWords(wake: Wake): string {
  if (wake.kind === 'network-changed') return 'the network has changed'
  const seconds = (ms: number) => `${Math.round(ms / 1000)} s`
  return wake.kind === 'slept' ? `slept for ${seconds(wake.forMs)}` : `the clock was set back by ${seconds(wake.byMs)}`
}

/** Addresses that others may reach. IPv6's link-local ones are the same on every network. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .map(({ address }) => address)
    .sort()
}
