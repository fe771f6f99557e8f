import { describe, expect, it } from 'vitest'
import { SETTINGS } from '../../e2e/support/view-fixtures'
import { systemClock } from '../../src-shared/clock'
import type { Transport } from '../bridge/transport'
import { createBridgeClient } from '../bridge-client'
import { createPlayedTransport, OPEN, ok, REFUSED } from '../testing/played-transport'
import { createDraftStore } from './draft-store'
import { type DraftPlace, draftInTab } from './kept-draft'
import { createSettingsStore } from './settings-store'

async function openDraft(kind: Transport['kind'] = 'web', place?: DraftPlace, saved = SETTINGS) {
  const transport = Object.assign(createPlayedTransport(), { kind })
  const client = createBridgeClient(transport)
  const settings = createSettingsStore(client, systemClock)
  const draft = createDraftStore(client, settings, place)
  transport.connect(OPEN)
  await transport.lastCall('settings.get').answer(ok(saved))
  const told = () => transport.calls.filter(({ method }) => method === 'app.draft').map(({ input }) => input)
  return { transport, draft, told, state: () => draft.state.getState() }
}

function memoryOf(value: string | null = null): Storage {
  let kept = value
  return {
    length: 1,
    key: () => null,
    clear: () => undefined,
    getItem: () => kept,
    setItem: (_, text) => {
      kept = text
    },
    removeItem: () => {
      kept = null
    },
  }
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
    expect(state()).toEqual({ edits: {}, changed: new Set(), isUnsaved: false })
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

  it('outlives a reload of its tab, and a desktop app is told of it again', async () => {
    const page = { sessionStorage: memoryOf() }
    const before = await openDraft('ipc', draftInTab(page))
    before.draft.edit('threads', '6')
    const after = await openDraft('ipc', draftInTab(page))
    expect(after.state()).toMatchObject({ edits: { threads: '6' }, isUnsaved: true })
    expect(after.told()).toEqual([{ isUnsaved: false }, { isUnsaved: true }])
    after.draft.discard()
    expect(draftInTab(page).read()).toEqual([])
  })

  it('is nothing when the tab keeps something else, or may not keep anything', async () => {
    for (const kept of ['{"threads":"6"}', '[{"name":"toString","text":"6","over":""}]', '{', null]) {
      const page = { sessionStorage: memoryOf(kept) }
      expect(draftInTab(page).read()).toEqual([])
    }
    const forbidden = {
      ...memoryOf(),
      setItem: () => {
        throw new DOMException('full', 'QuotaExceededError')
      },
    }
    const { draft, state } = await openDraft('web', draftInTab({ sessionStorage: forbidden }))
    draft.edit('threads', '6')
    expect(state().isUnsaved).toBe(true)
  })
})

describe('a value that was saved elsewhere under what was typed', () => {
  const changedNow = ({ state }: Awaited<ReturnType<typeof openDraft>>) => [...state().changed]

  it('is told, field by field, and nothing is saved until each is decided', async () => {
    const page = await openDraft()
    page.draft.edit('threads', '6')
    page.draft.edit('publicName', 'cellar-pc')
    page.transport.emit('settings', { ...SETTINGS, threads: 8, publicName: 'shed-pc', listenPort: 40_001 })
    expect(changedNow(page)).toEqual(['threads', 'publicName'])
    expect(await page.draft.save()).toBe(false)
    expect(page.transport.countOf('settings.save')).toBe(0)

    page.draft.drop('publicName')
    expect(changedNow(page)).toEqual(['threads'])
    page.draft.keep('threads')
    expect([changedNow(page), page.state().edits]).toEqual([[], { threads: '6' }])
    void page.draft.save()
    expect(page.transport.lastCall('settings.save').input).toEqual({ threads: 6, replaces: { threads: 8 } })
  })

  it('is told again when it changes once more, and no more when it is what was typed', async () => {
    const page = await openDraft()
    page.draft.edit('threads', '6')
    page.transport.emit('settings', { ...SETTINGS, threads: 8 })
    page.draft.keep('threads')
    page.transport.emit('settings', { ...SETTINGS, threads: 9 })
    expect(changedNow(page)).toEqual(['threads'])
    page.draft.edit('threads', '7')
    expect(changedNow(page)).toEqual(['threads'])
    page.transport.emit('settings', { ...SETTINGS, threads: 7 })
    expect([changedNow(page), page.state().edits]).toEqual([[], {}])
  })

  it('is found after a reload as well', async () => {
    const tab = { sessionStorage: memoryOf() }
    const before = await openDraft('web', draftInTab(tab))
    before.draft.edit('publicName', 'cellar-pc')
    const after = await openDraft('web', draftInTab(tab), { ...SETTINGS, publicName: 'shed-pc' })
    expect(changedNow(after)).toEqual(['publicName'])
  })

  it('is not one’s own save, however the node writes it, and what is typed on meanwhile stays', async () => {
    const page = await openDraft()
    page.draft.edit('modelPath', '~/a.gguf')
    page.draft.edit('publicName', 'cellar-pc')
    const saving = page.draft.save()
    page.draft.edit('publicName', 'cellar-pc-2')
    const saved = { ...SETTINGS, modelPath: '/home/kim/a.gguf', publicName: 'cellar-pc' }
    page.transport.emit('settings', saved)
    expect(changedNow(page)).toEqual([])
    await page.transport.lastCall('settings.save').answer(ok(saved))
    expect(await saving).toBe(true)
    expect([changedNow(page), page.state().edits]).toEqual([[], { publicName: 'cellar-pc-2' }])
  })

  it('is told as well when it reaches the node while this page is saving', async () => {
    const page = await openDraft()
    page.draft.edit('publicName', 'cellar-pc')
    const saving = page.draft.save()
    page.transport.emit('settings', { ...SETTINGS, publicName: 'shed-pc' })
    await page.transport.lastCall('settings.save').answer(REFUSED)
    expect(await saving).toBe(false)
    expect([changedNow(page), page.state().edits]).toEqual([['publicName'], { publicName: 'cellar-pc' }])
  })
})
