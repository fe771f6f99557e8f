import type { Disposer } from '../../src-shared/clock'
import type { EspalierNode } from '../node/node'
import { type CountryOf, createCountryTable } from '../places/country-table'
import type { EventLog } from '../storage/event-log'
import type { SettingsStore } from './settings-store'

/** Peers have a country while their owner wants a map; a change of mind shows at once. */
export function locatePeers(options: {
  file: string
  settings: Pick<SettingsStore, 'get' | 'onChange'>
  node: () => Pick<EspalierNode, 'running'> | null
  log: Pick<EventLog, 'write'>
}): { countryOf: CountryOf; dispose: Disposer } {
  const { settings } = options
  const table = createCountryTable(options.file, options.log)
  let isOn = settings.get().locatesPeers
  const dispose = settings.onChange(({ locatesPeers }) => {
    if (locatesPeers === isOn) return
    isOn = locatesPeers
    void options.node()?.running()?.refreshView()
  })
  return { countryOf: async (ip) => (isOn ? table(ip) : null), dispose }
}
