import { resolve } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { SAMPLE_MODEL } from '../../test/models/manifests'
import { temporaryDirectory } from '../../test/models/temporary'
import { CPU_CHOICE } from '../engine/device-choice'
import { openDataDirectory } from '../storage/data-directory'
import { createEventLog } from '../storage/event-log'
import { confineDemo } from './confine-demo'
import { createKnowModel } from './known-model'
import { createSettingsHandlers } from './settings-handlers'
import { openSettings, type SettingsStore } from './settings-store'

let settings: SettingsStore
let save: ReturnType<typeof createSettingsHandlers>['settings.save']
beforeEach(async () => {
  const data = await openDataDirectory(await temporaryDirectory())
  settings = await openSettings(data.settingsFile, {}, createEventLog(systemClock, null))
  const store = { header: async () => null }
  const handlers = createSettingsHandlers({
    settings,
    bounds: confineDemo(undefined, () => null),
    compute: async () => CPU_CHOICE,
    knowModel: createKnowModel({ store, sampleModel: SAMPLE_MODEL, running: () => null }),
    machine: { cores: 2, memoryBytes: 20_000_000 },
  })
  save = handlers['settings.save']
})

it('H-46: more than this computer has is refused, and nothing of that save is kept', async () => {
  const tooMuch = { code: 'MORE_THAN_THERE_IS' }
  await expect(save({ threads: 3, publicName: 'pear' })).rejects.toMatchObject(tooMuch)
  expect(settings.get()).toMatchObject({ threads: null, publicName: expect.not.stringMatching(/^pear$/) })
  await save({ threads: 2 })
  // Without a model nothing can be reckoned.
  await save({ contextTokens: 131_072, maxSequences: 64 })
  await save({ contextTokens: 1_024, maxSequences: 4, modelPath: resolve(SAMPLE_MODEL) })
  await expect(save({ contextTokens: 131_072 })).rejects.toMatchObject(tooMuch)
  await expect(save({ contextTokens: 8_192, maxSequences: 64 })).rejects.toMatchObject(tooMuch)
  await save({ contextTokens: 2_048 })
  expect(settings.get()).toMatchObject({ threads: 2, contextTokens: 2_048, maxSequences: 4 })
})

it('a save over another value than the asker saw is refused', async () => {
  await save({ threads: 1 })
  await expect(save({ threads: null, replaces: { threads: null } })).rejects.toMatchObject({ code: 'SETTINGS_CHANGED' })
  await save({ threads: null, replaces: { threads: 1 } })
  expect(settings.get()).toMatchObject({ threads: null })
  expect(settings.get()).not.toHaveProperty('replaces')
})
