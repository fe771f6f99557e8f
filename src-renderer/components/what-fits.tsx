import { useEffect } from 'react'
import { useStore } from 'zustand'
import type { FitView } from '../../src-shared/file-views'
import type { Settings } from '../../src-shared/settings'
import { closeSentence } from '../format'
import type { AppStores } from '../stores/app-stores'
import { say } from '../words'
import { fitWords, placeWords } from '../words/files'
import { FailureNote } from './failure-note'

/** How many blocks fit where, before anything is loaded; several cards can share them. */
export function WhatFits({ settings, stores, disabled }: { settings: Settings; stores: AppStores; disabled: boolean }) {
  const { value: view, isAsking, failure } = useStore(stores.fit.state)
  const { modelPath, offeredMemoryGb, gpuMemoryGb, device, gpuNames, contextTokens, maxSequences, network } = settings
  const key = JSON.stringify([
    modelPath,
    offeredMemoryGb,
    gpuMemoryGb,
    device,
    gpuNames,
    contextTokens,
    maxSequences,
    network,
  ])
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever one of these settings changes, the answer does
  useEffect(() => {
    if (!disabled) stores.fit.ask()
  }, [disabled, key, stores.fit])
  const cards = view?.places.filter(({ kind }) => kind === 'card') ?? []
  const choose = (name: string, isChosen: boolean) => {
    const names = cards.filter((card) => (card.name === name ? isChosen : card.isChosen)).map((card) => card.name)
    // All of them is no choice: a card that comes later shall be used too.
    void stores.settings.save({ gpuNames: names.length === cards.length ? null : names })
  }
  return (
    <div className="setting is-long" aria-busy={isAsking}>
      <div>
        <b>{say.FIT.title}</b>
        {view && <p>{view.model ? fitWords(view) : say.FIT.noModel}</p>}
        {!view && !failure && <p>{say.FIT.loading}</p>}
      </div>
      {failure && (
        <FailureNote failure={failure} lead={say.FIT.failed}>
          <button type="button" className="link" onClick={stores.fit.ask}>
            {say.FIT.again}
          </button>
        </FailureNote>
      )}
      {view?.missedGpu && (
        <p className="notice">
          {say.FIT.missed}: {closeSentence(view.missedGpu)}
        </p>
      )}
      {view && (
        <ul className="file-rows">
          {view.places.map((place) => (
            <Place
              key={`${place.kind}/${place.name}`}
              place={place}
              blockCount={view.model?.blockCount ?? 0}
              // The last one can only be given up by choosing the processor, one field up.
              mayChoose={cards.length > 1 && !disabled && !isLast(cards, place)}
              onChoose={(isChosen) => choose(place.name, isChosen)}
            />
          ))}
        </ul>
      )}
    </div>
  )
}

function isLast(cards: FitView['places'], place: FitView['places'][number]): boolean {
  return place.isChosen && cards.filter(({ isChosen }) => isChosen).length === 1
}

interface PlaceProps {
  place: FitView['places'][number]
  blockCount: number
  mayChoose: boolean
  onChoose(isChosen: boolean): void
}

function Place({ place, blockCount, mayChoose, onChoose }: PlaceProps) {
  return (
    <li>
      {place.kind === 'card' ? (
        <label className="file-name toggle" title={say.FIT.use}>
          <input
            type="checkbox"
            checked={place.isChosen}
            disabled={!mayChoose}
            onChange={(event) => onChoose(event.target.checked)}
          />
          {place.description}
        </label>
      ) : (
        <span className="file-name">{place.description}</span>
      )}
      <span className="aside">{placeWords(place, blockCount)}</span>
      {place.isChosen && <span className="file-note is-own">{say.FIT.chosen}</span>}
    </li>
  )
}
