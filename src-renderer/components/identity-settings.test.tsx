// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { stoppedStatus } from '../../e2e/support/status-fixtures'
import { appViewOf, IDENTITY as WHOLE } from '../../e2e/support/view-fixtures'
import { systemClock } from '../../src-shared/clock'
import { createBridgeClient } from '../bridge-client'
import { createAppStores } from '../stores/app-stores'
import { createPlayedTransport, OPEN, ok } from '../testing/played-transport'
import { say } from '../words'
import { IdentitySettings } from './identity-settings'
import { UnsavedNotice } from './unsaved-notice'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  cleanup()
  vi.useRealTimers()
})

async function open(view: unknown = WHOLE, app = {}) {
  const transport = createPlayedTransport()
  const stores = createAppStores(createBridgeClient(transport), systemClock)
  render(
    <>
      <UnsavedNotice store={stores.app} />
      <IdentitySettings stores={stores} disabled={false} />
    </>,
  )
  await act(async () => {
    transport.connect(OPEN)
    await transport.lastCall('status.get').answer(ok(stoppedStatus(1_000)))
    await transport.lastCall('app.get').answer(ok({ ...appViewOf(1_000), ...app }))
    await vi.advanceTimersByTimeAsync(50)
  })
  await act(async () => transport.lastCall('identity.get').answer(ok(view)))
  return transport
}
const press = (name: string) => act(async () => void fireEvent.click(screen.getByRole('button', { name })))
const type = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } })

describe('the identity in Settings', () => {
  it('is backed up to a file that the system’s dialog has named, with a passphrase that was typed twice', async () => {
    const transport = await open()
    await press(say.IDENTITY.export)
    await press('Choose…')
    expect(transport.lastCall('files.choose').input).toEqual({
      purpose: 'new-identity-backup',
      near: WHOLE.suggestedPath,
    })
    await act(async () => transport.lastCall('files.choose').answer(ok({ path: '/home/kim/mine.json' })))
    type(say.IDENTITY.passphraseLabel, 'long enough words')
    type(say.IDENTITY.againLabel, 'long enough word')
    expect(screen.getByRole('alert').textContent).toBe(say.IDENTITY.againProblem)
    expect(screen.getByRole('button', { name: say.IDENTITY.write }).hasAttribute('disabled')).toBe(true)
    type(say.IDENTITY.againLabel, 'long enough words')
    await press(say.IDENTITY.write)
    expect(transport.lastCall('identity.export').input).toEqual({
      path: '/home/kim/mine.json',
      passphrase: 'long enough words',
    })
    await act(async () => transport.lastCall('identity.export').answer(ok({ path: '/home/kim/mine.json' })))
    await act(async () => transport.lastCall('identity.get').answer(ok(WHOLE)))
    expect(screen.getByRole('status').textContent).toContain('/home/kim/mine.json')
    expect(document.body.innerHTML).not.toContain('long enough words')
  })

  it('is typed where there is no dialog', async () => {
    await open(WHOLE, { choosesFiles: false })
    await press(say.IDENTITY.import)
    expect(screen.queryByRole('button', { name: 'Choose…' })).toBeNull()
    expect(screen.getByLabelText(say.IDENTITY.pathLabel).tagName).toBe('INPUT')
  })

  it('D-T33: damaged, says so, offers its copy, and asks before it begins anew', async () => {
    const transport = await open({ ...WHOLE, state: 'damaged', peerId: null, problem: 'It cannot be read' })
    expect(screen.getByText(/It cannot be read/).textContent).toContain(WHOLE.copyPeerId ?? '')
    await press(say.IDENTITY.renew)
    expect(transport.countOf('identity.renew')).toBe(0)
    await press(say.IDENTITY.renewNo)
    await press(say.IDENTITY.restore)
    await act(async () =>
      transport.lastCall('identity.restoreCopy').answer(ok({ identity: WHOLE, keptAt: '/data/identity.key.before-1' })),
    )
    expect(screen.getByRole('status').textContent).toContain('/data/identity.key.before-1')
  })
})

it('H-45: what is in memory only is named for as long as it is so', async () => {
  const unsaved = [{ file: 'settings.json', cause: 'ENOSPC: no space left', count: 3, since: 1_000 }]
  const transport = await open(WHOLE, { unsaved })
  expect(screen.getByRole('alert').textContent).toBe(`${say.UNSAVED.title}: the settings.`)
  await act(async () => transport.emit('app', appViewOf(2_000)))
  expect(screen.queryByRole('alert')).toBeNull()
})
