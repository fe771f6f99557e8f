import { useStore } from 'zustand'
import type { ComputerView } from '../../src-shared/computer-view'
import type { Settings } from '../../src-shared/settings'
import { SwitchField } from '../components/setting-row'
import { formatBytes } from '../format'
import type { AppStores } from '../stores/app-stores'
import { say } from '../words'
import { gbWords } from '../words/giving'
import { diskStops, GB, wholeGb } from './limits'
import { RangeField } from './range-field'

interface GivingProps {
  settings: Settings
  stores: AppStores
  disabled: boolean
}

/** How much of it: kept as it is moved, never beyond what there is, and changed in the settings at any time. */
export function Giving({ settings, stores, disabled }: GivingProps) {
  const computer = useStore(stores.computer.state, ({ value }) => value)
  if (!computer) return null
  return (
    <section className="card settings" aria-labelledby="giving-title">
      <h2 id="giving-title">{say.GIVING.title}</h2>
      <Sliders computer={computer} settings={settings} stores={stores} disabled={disabled} />
      <SwitchField
        label={say.SETTINGS.seedsLabel}
        hint={say.SETTINGS.seedsHint}
        isOn={settings.seeds}
        disabled={disabled}
        onChange={(seeds) => void stores.settings.keep({ seeds })}
      />
    </section>
  )
}

function Sliders({ computer, settings, stores, disabled }: GivingProps & { computer: ComputerView }) {
  const { keep } = stores.settings
  const { cores, memoryBytes, usual, disk } = computer
  const memoryGb = wholeGb(memoryBytes)
  const usualGb = Math.max(1, Math.round(usual.memoryBytes / GB))
  const cardGb = wholeGb(computer.cards.reduce((sum, card) => sum + (card.isChosen ? card.totalBytes : 0), 0))
  const stops = diskStops(disk.usedBytes + disk.freeBytes)
  const capStop = settings.diskCapGb === null ? stops.length : stops.findIndex((gb) => gb >= (settings.diskCapGb ?? 0))
  return (
    <>
      <RangeField
        label={say.GIVING.memory}
        hint={say.GIVING.memoryHint}
        min={1}
        max={memoryGb}
        value={Math.min(memoryGb, settings.offeredMemoryGb ?? usualGb)}
        words={(gb) => say.GIVING.partOf(gbWords(gb), formatBytes(memoryBytes))}
        disabled={disabled || memoryGb < 2}
        onChoose={(gb) => keep({ offeredMemoryGb: gb })}
      />
      {cardGb > 0 && (
        <RangeField
          label={say.GIVING.cardMemory}
          hint={say.GIVING.cardMemoryHint}
          min={1}
          max={cardGb}
          value={Math.min(cardGb, settings.gpuMemoryGb ?? cardGb)}
          words={(gb) => (gb === cardGb ? say.GIVING.allFree : say.GIVING.partOf(gbWords(gb), gbWords(cardGb)))}
          disabled={disabled || cardGb < 2}
          onChoose={(gb) => keep({ gpuMemoryGb: gb === cardGb ? null : gb })}
        />
      )}
      <RangeField
        label={say.GIVING.threads}
        hint={say.GIVING.threadsHint}
        min={1}
        max={cores}
        value={Math.min(cores, settings.threads ?? usual.threads)}
        words={(threads) =>
          threads === cores && cores > 1 ? say.GIVING.allCores(cores) : say.GIVING.threadsOf(threads, cores)
        }
        disabled={disabled || cores < 2}
        onChoose={(threads) => keep({ threads })}
      />
      <RangeField
        label={say.GIVING.disk}
        hint={say.GIVING.diskHint}
        min={0}
        max={stops.length}
        value={capStop < 0 ? stops.length : capStop}
        words={(stop) => diskWords(stops[stop], disk.freeBytes)}
        disabled={disabled || stops.length === 0}
        onChoose={(stop) => keep({ diskCapGb: stops[stop] ?? null })}
      />
    </>
  )
}

function diskWords(capGb: number | undefined, freeBytes: number): string {
  return capGb === undefined ? say.GIVING.noCap(formatBytes(freeBytes)) : say.GIVING.capped(gbWords(capGb))
}
