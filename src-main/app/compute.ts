import type { Settings } from '../../src-shared/settings'
import { type DeviceProbe, detectDevice, presentCards, supportedAccelerators } from '../engine/detect-devices'
import type { ComputeChoice } from '../engine/device-choice'

export type DetectCompute = (settings: Pick<Settings, 'device' | 'gpuNames'>) => Promise<ComputeChoice>

/**
 * Looks once for what can compute here, and again only when the operator wishes something else: a driver is opened in a
 * process of its own for it. Never rejects.
 */
export function createDetectCompute(
  probe: Pick<DeviceProbe, 'spawnEngine' | 'log'> & Partial<DeviceProbe>,
): DetectCompute {
  let last: { key: string; choice: Promise<ComputeChoice> } | null = null
  const whole: DeviceProbe = {
    supported: supportedAccelerators,
    present: presentCards,
    directoryOf: () => null,
    ...probe,
  }
  return ({ device, gpuNames }) => {
    const key = JSON.stringify([device, gpuNames])
    if (last?.key !== key) last = { key, choice: detectDevice({ wish: device, gpuNames }, whole) }
    return last.choice
  }
}
