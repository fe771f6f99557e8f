// @vitest-environment happy-dom
import { act, cleanup, render, screen } from '@testing-library/react'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { CATALOGUE } from '../../e2e/support/file-fixtures'
import { appViewOf, SETTINGS } from '../../e2e/support/view-fixtures'
import type { AppView, Light } from '../../src-shared/app-view'
import { systemClock } from '../../src-shared/clock'
import { createBridgeClient } from '../bridge-client'
import { type AppStores, createAppStores } from '../stores/app-stores'
import { createPlayedTransport, OPEN, ok, type PlayedTransport } from '../testing/played-transport'
import { Catalogue } from './catalogue'
import { SystemSettings } from './owner-settings'

let transport: PlayedTransport
let stores: AppStores

beforeEach(async () => {
  transport = createPlayedTransport()
  stores = createAppStores(createBridgeClient(transport), systemClock)
  transport.connect(OPEN)
  render(
    <>
      <SystemSettings settings={SETTINGS} stores={stores} disabled={false} />
      <Catalogue store={stores.catalogue} app={stores.app} />
    </>,
  )
  await act(() => transport.lastCall('catalogue.get').answer(ok(CATALOGUE)))
})
afterEach(() => {
  cleanup()
  stores.dispose()
})

/** The light of the internet, and everything else as it was. */
function say(state: Light['state'], change: Partial<AppView> = {}) {
  const view = appViewOf(1_000)
  const lights = view.lights.map((light) => (light.id === 'internet' ? { ...light, state } : light))
  return act(async () => transport.emit('app', { ...view, lights, ...change }))
}
const isDisabled = (name: string) => screen.getByRole<HTMLButtonElement>('button', { name }).disabled
const pages = () => screen.queryAllByRole('link').length

it('H-50: what needs the internet is off while it is away, says why, and comes back with it', async () => {
  await say('up')
  expect(isDisabled('Look again')).toBe(false)
  const all = pages()
  expect(all).toBeGreaterThan(0)

  await say('down')
  expect(isDisabled('Look again')).toBe(true)
  expect(screen.getByText(/this waits until it is back/)).toBeTruthy()
  expect(pages()).toBe(0)
  expect(screen.getByText(/which is out of reach now/)).toBeTruthy()

  await say('up')
  expect(isDisabled('Look again')).toBe(false)
  expect(pages()).toBe(all)
  expect(screen.queryByText(/out of reach/)).toBeNull()
})

it('H-50: what works without the internet stays on', async () => {
  const { update } = appViewOf(1_000)
  await say('down', { update: { ...update, state: 'ready', version: '0.2.0' } })
  expect(isDisabled('Install and restart')).toBe(false)
  for (const one of screen.getAllByRole<HTMLInputElement>('switch')) expect(one.disabled).toBe(false)
})

it('H-50: what nobody knows forbids nothing', async () => {
  await say('unknown')
  expect(isDisabled('Look again')).toBe(false)
  expect(pages()).toBeGreaterThan(0)
})
