import { expect, it, vi } from 'vitest'
import { DEFAULT_SETTINGS, type Settings } from '../../src-shared/settings'
import { installedCountryTable } from '../places/build'
import { locatePeers } from './locate-peers'

it('with the setting off nobody is placed, and a change of mind is looked at at once', async () => {
  let settings: Settings = { ...DEFAULT_SETTINGS, publicName: 'pear' }
  const listeners = new Set<(settings: Settings) => void>()
  const look = vi.fn(async () => undefined)
  const save = (change: Partial<Settings>) => {
    settings = { ...settings, ...change }
    for (const listener of listeners) listener(settings)
  }
  const places = locatePeers({
    file: installedCountryTable(),
    settings: {
      get: () => settings,
      onChange(listener) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    },
    node: () => ({ running: () => ({ refreshView: look }) as never }),
    log: { write: () => undefined },
  })
  expect(await places.countryOf('193.0.6.139')).toBe('NL')
  save({ locatesPeers: false })
  expect(await places.countryOf('193.0.6.139')).toBeNull()
  expect(look).toHaveBeenCalledTimes(1)
  save({ theme: 'dark' })
  expect(look).toHaveBeenCalledTimes(1)
  save({ locatesPeers: true })
  expect(await places.countryOf('193.0.6.139')).toBe('NL')
  expect(look).toHaveBeenCalledTimes(2)
  places.dispose()
  expect(listeners.size).toBe(0)
})
