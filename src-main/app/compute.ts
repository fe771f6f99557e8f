import type { Settings } from '../../src-shared/settings'
import { type DeviceProbe, detectDevice, presentCards, supportedAccelerators } from '../engine/detect-devices'
import type { ComputeChoice } from '../engine/device-choice'
import { installedPack } from '../engine/packs/fetch-pack'
import { cudaPack, readPackList } from '../engine/packs/pack-list'

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
    directoryOf: async () => null,
    ...probe,
  }
  return ({ device, gpuNames }) => {
    const key = JSON.stringify([device, gpuNames])
    if (last?.key !== key) last = { key, choice: detectDevice({ wish: device, gpuNames }, whole) }
    return last.choice
  }
}

/** Where the libraries of an accelerator lie that were fetched on demand; null: those that came with the app, if any. */
export function fetchedLibraries(listPath: string, dataRoot: string): DeviceProbe['directoryOf'] {
  return async (accelerator) =>
    accelerator === 'cuda' ? installedPack(dataRoot, cudaPack(await readPackList(listPath))) : null
}
