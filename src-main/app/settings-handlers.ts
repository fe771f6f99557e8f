import type { MethodHandlers } from '../../src-shared/contract'
import { capabilityOf, offerOf } from '../node/offer'
import { checkThreads } from '../node/threads'
import { readGgufHeader } from '../shards/gguf-read'
import { readTrusted } from '../web/trusted-certificates'
import { checkRoom } from './check-room'
import type { DetectCompute } from './compute'
import type { DemoBounds } from './confine-demo'
import type { KnowModel } from './known-model'
import type { SettingsStore } from './settings-store'
import { typedPath } from './typed-path'

/** What the window may do with the settings. What they name is looked at before they are kept. */
export function createSettingsHandlers({
  settings,
  bounds,
  compute,
  knowModel,
  machine,
}: {
  settings: SettingsStore
  bounds: DemoBounds
  compute: DetectCompute
  knowModel: KnowModel
  /** What this computer has, where a test says so. */
  machine?: { cores: number; memoryBytes: number }
}): Pick<MethodHandlers, 'settings.get' | 'settings.save'> {
  return {
    'settings.get': settings.get,
    'settings.save': async ({ replaces = {}, ...asked }) => {
      const change = asked.modelPath ? { ...asked, modelPath: typedPath(asked.modelPath) } : asked
      bounds.checkSettings(definedFields(change))
      // What is wrong with a file is said while its name is still on the screen.
      if (change.modelPath && change.modelPath !== settings.get().modelPath) await readGgufHeader(change.modelPath)
      if (change.caFile) await readTrusted(change.caFile)
      // More than there is can't be saved, so that nothing else has to say no later.
      if (change.threads) checkThreads(change.threads, machine?.cores)
      if (change.offeredMemoryGb) offerOf(capabilityOf(await compute(settings.get())), change.offeredMemoryGb)
      if (change.contextTokens || change.maxSequences) {
        const next = { ...settings.get(), ...definedFields(change) }
        const model = await knowModel(next).catch(() => null)
        if (model) checkRoom(next, model, await compute(next), machine?.memoryBytes)
      }
      return settings.save(definedFields(change), definedFields(replaces))
    },
  }
}

/** Leaves out the fields that are there without a value. */
function definedFields<T extends object>(change: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
