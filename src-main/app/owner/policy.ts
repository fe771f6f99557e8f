import type { PauseReason } from '../../../src-shared/app-view'
import type { Settings } from '../../../src-shared/settings'

/** What the system says about its owner; null where it does not say. */
export interface OwnerReadings {
  onBattery: boolean | null
  isMetered: boolean | null
  isFullScreen: boolean | null
  /** Since the last key or movement, in seconds. */
  idleSeconds: number | null
}

export type PausePolicy = Pick<
  Settings,
  'pauseOnBattery' | 'pauseOnMetered' | 'pauseInFullScreen' | 'pauseWhenActive' | 'quietHours'
>

/** Somebody who has not touched anything for so long is not at work here. */
const AT_WORK_SECONDS = 120

/** Why the node should rest now, in the order of the settings; what the system does not say is no reason. */
export function reasonsToRest(policy: PausePolicy, readings: OwnerReadings, minuteOfDay: number): PauseReason[] {
  const { idleSeconds } = readings
  const isAtWork = idleSeconds !== null && idleSeconds < AT_WORK_SECONDS
  const reasons: [PauseReason, boolean][] = [
    ['battery', policy.pauseOnBattery && readings.onBattery === true],
    ['metered', policy.pauseOnMetered && readings.isMetered === true],
    ['full-screen', policy.pauseInFullScreen && readings.isFullScreen === true],
    ['user-active', policy.pauseWhenActive && isAtWork],
    ['quiet-hours', isQuiet(policy.quietHours, minuteOfDay)],
  ]
  return reasons.flatMap(([reason, holds]) => (holds ? [reason] : []))
}

/** `[from, to)` of every day; a span whose end is before its start crosses midnight, and an empty one is none. */
export function isQuiet(hours: Settings['quietHours'], minuteOfDay: number): boolean {
  if (hours === null || hours.fromMinute === hours.toMinute) return false
  const { fromMinute, toMinute } = hours
  return fromMinute < toMinute
    ? minuteOfDay >= fromMinute && minuteOfDay < toMinute
    : minuteOfDay >= fromMinute || minuteOfDay < toMinute
}
