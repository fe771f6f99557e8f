import type { Settings } from '../../src-shared/settings'
import type { Transfers, TransferWishes } from '../node/transfers'
import type { SecretStore } from '../storage/secret-store'
import type { SettingsStore } from './settings-store'

const BYTES_PER_MBIT = 125_000

/** What the settings say about files, for a node that runs: no restart is needed for any of it. */
export function createTransfers(settings: SettingsStore, secrets: Pick<SecretStore, 'get'>): Transfers {
  return {
    wishes: () => wishesOf(settings.get()),
    onChange: (listener) => settings.onChange(listener),
    token: () => secrets.get('huggingFaceToken'),
  }
}

export function wishesOf(settings: Settings): TransferWishes {
  const { fetchPaused, network, modelPath, downloadMbitPerS, uploadMbitPerS, seeds } = settings
  return {
    isPaused: fetchPaused,
    // A demonstration brings its own model; another one would be the wrong file there.
    modelPath: network?.kind === 'demo' ? null : modelPath,
    downloadBytesPerSecond: downloadMbitPerS === null ? null : downloadMbitPerS * BYTES_PER_MBIT,
    uploadBytesPerSecond: uploadMbitPerS === null ? null : uploadMbitPerS * BYTES_PER_MBIT,
    seeds,
  }
}
