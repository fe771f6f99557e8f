import { useId, useMemo, useState } from 'react'
import type { ShardView } from '../../src-shared/app-views'
import { formatBytes, formatWhole, shortenHash } from '../format'
import { groupPieces, type PieceGroup } from '../piece-map'
import { say } from '../words'
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
          {say.SHARDS.piecesTitle} <span className="quiet">{formatWhole(view.pieces.length)}</span>
        </h2>
        <p className="piece-legend" aria-hidden="true">
          <span className={own}>{isVerified ? say.SHARDS.yoursVerified : say.SHARDS.yoursUnverified}</span>
          <span>{say.SHARDS.notNeeded}</span>
        </p>
      </div>
      <fieldset className="piece-map">
        <legend className="only-read">{say.SHARDS.piecesHelp}</legend>
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
  return `${name}${isNeeded ? `, ${say.SHARDS.own}` : ''}: ${say.SHARDS.pieceCount(pieces.length)}, ${formatBytes(sizeBytes)}`
}

function PieceTable({ group, isVerified }: { group: PieceGroup; isVerified: boolean }) {
  return (
    <div className="piece-detail">
      <h3 className="piece-title">
        {group.name}{' '}
        <span className="quiet">
          {say.SHARDS.pieceCount(group.pieces.length)}, {formatBytes(group.sizeBytes)}
        </span>
      </h3>
      <ul>
        {group.pieces.map(({ index, sizeBytes, sha256, isNeeded }) => (
          <li key={index}>
            <span className={`piece-square ${isNeeded ? (isVerified ? 'is-own' : 'is-unverified') : ''}`} />
            <span className="piece-index">{index}</span>
            <CopyText text={sha256} shown={shortenHash(sha256)} what={say.SHARDS.pieceHash(index)} />
            <span className="aside">{formatBytes(sizeBytes)}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}
