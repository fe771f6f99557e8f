import type { CSSProperties } from 'react'
import { formatBlocks } from '../../src-shared/blocks'
import { type ChainRow, stepsBetween } from '../chain'
import { formatMs } from '../format'
import { say } from '../words'

export interface ChainProps {
  label: string
  rows: readonly ChainRow[]
  blockCount: number
}

/** The model's blocks from left to right, a wire per node, and the way that an answer took along them. */
export function Chain({ label, rows, blockCount }: ChainProps) {
  // Every block has its line until they stand too close; then every eighth has one.
  const parts = blockCount <= 16 ? blockCount : blockCount / 8
  const isMeasured = rows.some(({ computeMs }) => computeMs !== null)
  const percent = (blocks: number) => `${(100 * blocks) / blockCount}%`
  return (
    <div className={isMeasured ? 'chain is-measured' : 'chain'} style={{ '--chain-parts': parts } as CSSProperties}>
      <div className="chain-head" aria-hidden="true">
        <span />
        <span className="chain-axis">
          <span>0</span>
          <span>{blockCount - 1}</span>
        </span>
        {isMeasured && (
          <span className="number" title={say.PATH.computeHint}>
            {say.PATH.compute}
          </span>
        )}
        <span className="number" title={say.PEERS_PAGE.roundTripHint}>
          {say.PATH.roundTrip}
        </span>
      </div>
      <ol aria-label={label}>
        {rows.map((row, index) => (
          <li key={`${row.peerId}/${row.serves.start}`} className={row.used ? 'is-used' : undefined} title={row.peerId}>
            <span className="chain-name">
              <b>{row.name}</b>
              <span>
                {formatBlocks(row.used ?? row.serves)}
                {row.isSelf && ` · ${say.PEERS_PAGE.self}`}
              </span>
            </span>
            <span className="chain-wire" aria-hidden="true">
              <span
                className="chain-serves"
                style={{ left: percent(row.serves.start), width: percent(row.serves.end - row.serves.start) }}
              />
              {row.used && (
                <span
                  className="chain-used"
                  style={{ left: percent(row.used.start), width: percent(row.used.end - row.used.start) }}
                />
              )}
              {stepsBetween(rows)
                .filter((step) => step.row === index)
                .map(({ block }) => (
                  <span key={block} className="chain-step" style={{ left: percent(block) }} />
                ))}
            </span>
            {isMeasured && <Time ms={row.computeMs} name={say.PATH.compute} />}
            <Time ms={row.roundTripMs} name={say.PATH.roundTrip} />
          </li>
        ))}
      </ol>
    </div>
  )
}

function Time({ ms, name }: { ms: number | null; name: string }) {
  return (
    <span className={ms === null ? 'number quiet' : 'number'}>
      <span className="chain-time">{name}: </span>
      {ms === null ? '–' : formatMs(ms)}
    </span>
  )
}
