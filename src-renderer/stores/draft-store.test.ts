import { describe, expect, it } from 'vitest'
import { SETTINGS } from '../../e2e/support/view-fixtures'
import { systemClock } from '../../src-shared/clock'
import type { Transport } from '../bridge/transport'
import { createBridgeClient } from '../bridge-client'
import { createPlayedTransport, OPEN, ok } from '../testing/played-transport'
import { createDraftStore } from './draft-store'
import { createSettingsStore } from './settings-store'

async function openDraft(kind: Transport['kind'] = 'web') {
  const transport = Object.assign(createPlayedTransport(), { kind })
  const client = createBridgeClient(transport)
  const settings = createSettingsStore(client, systemClock)
  const draft = createDraftStore(client, settings)
  transport.connect(OPEN)
  await transport.lastCall('settings.get').answer(ok(SETTINGS))
  const told = () => transport.calls.filter(({ method }) => method === 'app.draft').map(({ input }) => input)
  return { transport, draft, told, state: () => draft.state.getState() }
}

describe('what was typed into the settings', () => {
  it('is unsaved while it differs from what is saved, or cannot be saved', async () => {
    const { draft, state } = await openDraft()
    expect(state().isUnsaved).toBe(false)
    draft.edit('threads', '6')
    expect(state().isUnsaved).toBe(true)
    draft.edit('threads', '')
    expect(state().isUnsaved).toBe(false)
    draft.edit('listenPort', 'abc')
    expect(state().isUnsaved).toBe(true)
    draft.discard()
    expect(state()).toEqual({ edits: {}, isUnsaved: false })
  })

  it('is no longer unsaved when the same is saved elsewhere', async () => {
    const { transport, draft, state } = await openDraft()
    draft.edit('threads', '6')
    transport.emit('settings', { ...SETTINGS, threads: 6 })
    expect(state().isUnsaved).toBe(false)
  })

  it('is told to a desktop app, once a change, and to no other host', async () => {
    const desktop = await openDraft('ipc')
    desktop.draft.edit('threads', '6')
    desktop.draft.edit('threads', '7')
    desktop.draft.discard()
    expect(desktop.told()).toEqual([{ isUnsaved: false }, { isUnsaved: true }, { isUnsaved: false }])
    const browser = await openDraft('web')
    browser.draft.edit('threads', '6')
    expect(browser.told()).toEqual([])
  })
})
