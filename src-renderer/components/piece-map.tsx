import { useId, useMemo, useState } from 'react'
import type { ShardView } from '../../src-shared/app-views'
import { formatBytes, shortenHash } from '../format'
import { groupPieces, type PieceGroup } from '../piece-map'
import { pieceCountWords, SHARDS } from '../words/shards'
import { CopyText } from './text'

/** Every piece of the model as a small square, block by block; one block at a time in full. */
export function PieceMap({ view, isVerified }: { view: ShardView; isVerified: boolean }) {
  const groups = useMemo(() => groupPieces(view.pieces), [view.pieces])
  const [chosenKey, setChosenKey] = useState<string | null>(null)
  const chosen = groups.find(({ key }) => key === chosenKey) ?? groups.find(({ isNeeded }) => isNeeded) ?? groups[0]
  const name = useId()
  const own = isVerified ? 'is-own' : 'is-unverified'
  return (
    <section className="card" aria-labelledby={`${name}-title`}>
      <div className="card-head">
        <h2 id={`${name}-title`}>
          {SHARDS.piecesTitle} <span className="quiet">{view.pieces.length.toLocaleString('en')}</span>
        </h2>
        <p className="piece-legend" aria-hidden="true">
          <span className={own}>{isVerified ? SHARDS.yoursVerified : SHARDS.yoursUnverified}</span>
          <span>{SHARDS.notNeeded}</span>
        </p>
      </div>
      <fieldset className="piece-map">
        <legend className="only-read">{SHARDS.piecesHelp}</legend>
        {groups.map((group) => (
          <label key={group.key} className={group.isNeeded ? own : undefined} title={groupWords(group)}>
            <input
              type="radio"
              name={name}
              aria-label={groupWords(group)}
              checked={group.key === chosen?.key}
              onChange={() => setChosenKey(group.key)}
            />
            <span className="piece-label">{group.label}</span>
            <span className="pieces">
              {group.pieces.map(({ index, isNeeded }) => (
                <span key={index} className={isNeeded ? own : undefined} />
              ))}
            </span>
          </label>
        ))}
      </fieldset>
      {chosen && <PieceTable group={chosen} isVerified={isVerified} />}
    </section>
  )
}

function groupWords({ name, pieces, sizeBytes, isNeeded }: PieceGroup): string {
  return `${name}${isNeeded ? ', yours' : ''}: ${pieceCountWords(pieces.length)}, ${formatBytes(sizeBytes)}`
}

function PieceTable({ group, isVerified }: { group: PieceGroup; isVerified: boolean }) {
  return (
    <div className="piece-detail">
      <h3 className="piece-title">
        {group.name}{' '}
        <span className="quiet">
          {pieceCountWords(group.pieces.length)}, {formatBytes(group.sizeBytes)}
        </span>
      </h3>
      <ul>
        {group.pieces.map(({ index, sizeBytes, sha256, isNeeded }) => (
          <li key={index}>
            <span className={`piece-square ${isNeeded ? (isVerified ? 'is-own' : 'is-unverified') : ''}`} />
            <span className="piece-index">{index}</span>
            <CopyText text={sha256} shown={shortenHash(sha256)} what={`the hash of piece ${index},`} />
            <span className="aside">{formatBytes(sizeBytes)}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}
