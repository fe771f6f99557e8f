// @vitest-environment happy-dom
import { act, cleanup, render, screen } from '@testing-library/react'
import { afterEach, expect, it, vi } from 'vitest'
import { servingStatus } from '../e2e/support/status-fixtures'
import { SETTINGS } from '../e2e/support/view-fixtures'
import { systemClock } from '../src-shared/clock'
import { createBridgeClient } from './bridge-client'
import { readLanguage, useLanguage } from './language'
import { createAppStores } from './stores/app-stores'
import { createPlayedTransport, OPEN, ok } from './testing/played-transport'
import * as words from './words'

vi.mock(import('./words'), async (original) => {
  const real = await original()
  return { ...real, speak: vi.fn(real.speak) }
})

afterEach(async () => {
  cleanup()
  await words.speak('en')
})

it('words that could not be loaded come when the node is back', async () => {
  const transport = createPlayedTransport()
  const stores = createAppStores(createBridgeClient(transport), systemClock)
  const Page = () => <p>{useLanguage(stores)}</p>
  render(<Page />)
  vi.mocked(words.speak).mockRejectedValueOnce(new Error('net::ERR'))
  await act(async () => {
    transport.connect(OPEN)
    await transport.lastCall('status.get').answer(ok(servingStatus(1)))
    await transport.lastCall('settings.get').answer(ok({ ...SETTINGS, language: 'de' }))
  })
  expect(screen.getByText('en')).toBeTruthy()
  expect(readLanguage(window)).toBe('de')
  await act(async () => {
    transport.connect({ state: 'retrying', retryAt: 1, attempts: 1 })
    transport.connect(OPEN)
    await transport.lastCall('status.get').answer(ok(servingStatus(2)))
  })
  expect(await screen.findByText('de', {}, { timeout: 15_000 })).toBeTruthy()
  expect(document.documentElement.lang).toBe('de')
})
