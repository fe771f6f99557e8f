import { useStore } from 'zustand'
import type { ComputerView } from '../../src-shared/computer-view'
import { FailureNote } from '../components/failure-note'
import { closeSentence, formatBytes } from '../format'
import type { AppStores } from '../stores/app-stores'
import { say } from '../words'
import { timingWords } from '../words/giving'

/** What this computer has: as its system and drivers report it, and its speed as it was timed just now. */
export function WhatThereIs({ stores, disabled }: { stores: AppStores; disabled: boolean }) {
  const { value: computer, failure } = useStore(stores.computer.state)
  return (
    <section className="card" aria-labelledby="there-is-title" aria-busy={!computer && !failure}>
      <h2 id="there-is-title">{say.GIVING.thereIs}</h2>
      {failure && (
        <FailureNote failure={failure} lead={say.GIVING.lookFailed}>
          <button type="button" className="link" onClick={stores.computer.ask}>
            {say.GIVING.again}
          </button>
        </FailureNote>
      )}
      {!computer && !failure && (
        <p className="fine" role="status">
          {say.GIVING.looking}
        </p>
      )}
      <dl className="resources">
        {computer && <Parts computer={computer} />}
        <Speed stores={stores} disabled={disabled} />
      </dl>
      {computer?.missedGpu && (
        <p className="notice">
          {say.FIT.missed}: {closeSentence(computer.missedGpu)}
        </p>
      )}
    </section>
  )
}

function Parts({ computer: { processor, cores, memoryBytes, cards, disk } }: { computer: ComputerView }) {
  return (
    <>
      <div>
        <dt>{say.GIVING.processor}</dt>
        <dd>{say.GIVING.cores(processor, cores)}</dd>
      </div>
      <div>
        <dt>{say.GIVING.memory}</dt>
        <dd>{formatBytes(memoryBytes)}</dd>
      </div>
      <div>
        <dt>{say.GIVING.cards}</dt>
        <dd>
          {cards.length === 0
            ? say.GIVING.noCard
            : cards.map(({ description, totalBytes, freeBytes }, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: two cards of one kind differ in nothing else
                <span key={index} className="card-line">
                  {totalBytes > 0
                    ? say.GIVING.card(description, formatBytes(freeBytes), formatBytes(totalBytes))
                    : description}
                </span>
              ))}
        </dd>
      </div>
      <div title={disk.directory}>
        <dt>{say.GIVING.disk}</dt>
        <dd>{say.GIVING.free(formatBytes(disk.freeBytes))}</dd>
      </div>
    </>
  )
}

function Speed({ stores, disabled }: { stores: AppStores; disabled: boolean }) {
  const { timing, isRunning, failure } = useStore(stores.timing.state)
  const isMetering = useStore(stores.meter.state, ({ metering }) => metering.state === 'running')
  const isStopped = failure?.code === 'CANCELLED'
  return (
    <div className="speed">
      <dt>{say.GIVING.speed}</dt>
      <dd>
        <span role="status">
          {isRunning
            ? say.GIVING.timing
            : failure && !isStopped
              ? ''
              : timing && !isStopped
                ? timingWords(timing)
                : say.GIVING.notTimed}
        </span>
        {isRunning ? (
          <button type="button" className="button is-small" onClick={stores.timing.stop}>
            {say.METER.stop}
          </button>
        ) : (
          <button
            type="button"
            className="button is-small"
            // Two that compute at once would each time the other as well.
            disabled={disabled || isMetering}
            onClick={() => void stores.timing.run()}
          >
            {timing ? say.METER.again : say.METER.run}
          </button>
        )}
        {failure && !isStopped && <FailureNote failure={failure} lead={say.GIVING.timingFailed} />}
      </dd>
    </div>
  )
}
