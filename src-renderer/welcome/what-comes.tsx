import { useStore } from 'zustand'
import type { NetworkPreview } from '../../src-shared/app-views'
import type { ComputerView } from '../../src-shared/computer-view'
import type { Settings } from '../../src-shared/settings'
import { formatBytes } from '../format'
import type { AppStores } from '../stores/app-stores'
import { say } from '../words'
import { type Fetching, GB, mostToFetch } from './limits'

interface WhatComesProps {
  /** Null: the demo. */
  network: NetworkPreview | null
  settings: Settings | null
  stores: AppStores
}

/** What happens after the button, and what will be fetched, before this computer says that it is online (S-42). */
export function WhatComes({ network, settings, stores }: WhatComesProps) {
  const computer = useStore(stores.computer.state, ({ value }) => value)
  const most = network && settings && computer ? fetchingOf(network, settings, computer) : null
  return (
    <section className="card" aria-labelledby="comes-title">
      <h2 id="comes-title">{say.COMING.title}</h2>
      {network === null ? (
        <p className="coming">{say.COMING.demo}</p>
      ) : (
        <>
          <ol className="coming">
            <li>{network.invite ? say.COMING.invited : say.COMING.asked}</li>
            <li>{say.COMING.fetched}</li>
            <li>{say.COMING.online}</li>
          </ol>
          <p className="fine" aria-live="polite">
            {most !== null ? sizeWords(most, network) : network.blockBytes === null && say.COMING.unknown}
          </p>
          {most?.isTooMuch && <p className="notice">{say.COMING.tooMuch}</p>}
        </>
      )}
    </section>
  )
}

function fetchingOf(network: NetworkPreview, settings: Settings, { cards, usual, disk }: ComputerView) {
  const chosen = cards.filter(({ isChosen }) => isChosen)
  const cardBytes = chosen.reduce((sum, { freeBytes }) => sum + freeBytes, 0)
  const { offeredMemoryGb, gpuMemoryGb, diskCapGb, requestedBlocks } = settings
  const ownLimit = (gb: number | null, bytes: number) => (gb === null ? bytes : Math.min(bytes, gb * GB))
  const memoryBytes = offeredMemoryGb === null ? usual.memoryBytes : offeredMemoryGb * GB
  return mostToFetch({
    ...{ blockBytes: network.blockBytes, blockCount: network.blockCount, requestedBlocks },
    budgetBytes: cardBytes > 0 ? ownLimit(gpuMemoryGb, cardBytes) : memoryBytes,
    roomBytes: ownLimit(diskCapGb === null ? null : diskCapGb - disk.usedBytes / GB, disk.freeBytes),
  })
}

function sizeWords({ blocks, bytes }: Fetching, { blockCount, blockBytes, modelBytes }: NetworkPreview): string {
  if (blocks === 0) return say.COMING.noneFits(formatBytes(blockBytes ?? 0))
  const whole = modelBytes === null ? null : formatBytes(modelBytes)
  return say.COMING.atMost(blocks, blockCount, formatBytes(bytes), whole)
}
