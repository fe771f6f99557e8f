import { memo, type PointerEvent, useMemo, useRef, useState } from 'react'
import { formatBlocks } from '../../src-shared/blocks'
import { blockAt, layoutStrip, type StripInput, type StripLayout, type StripRow } from '../strip-layout'
import { say } from '../words'
import { capitalize, copyWords, coverageWords, stripWords } from '../words/node'
import { useWidth } from './hooks'

export interface BlockStripProps extends Omit<StripInput, 'width'> {
  modelName: string
  /** What the legend calls a copy that is not ours. */
  copyName?: string
}

/** The model's blocks as a lattice: a stem per block, a leaf per copy, ours framed, gaps hollow. */
export const BlockStrip = memo(
  function BlockStrip({ modelName, copyName = say.COVERAGE.otherCopy, ...input }: BlockStripProps) {
    const { blockCount, coverage, own, isOwnProved } = input
    const box = useRef<HTMLDivElement>(null)
    const width = useWidth(box, 720)
    const [pointed, setPointed] = useState<number | null>(null)
    const layout = useMemo(
      () => layoutStrip({ blockCount, coverage, own, isOwnProved, width }),
      [blockCount, coverage, own, isOwnProved, width],
    )
    const onPointerMove = (event: PointerEvent<SVGSVGElement>) => {
      const at = event.currentTarget.getBoundingClientRect()
      setPointed(blockAt(layout, event.clientX - at.left, event.clientY - at.top))
    }
    const isOwn = (block: number) => own !== null && block >= own.start && block < own.end

    return (
      <section className="card strip" aria-labelledby="strip-title">
        <div className="card-head">
          <h2 id="strip-title">
            {modelName} <span className="quiet">{say.COVERAGE.count(blockCount)}</span>
          </h2>
          <p className="aside" aria-hidden={pointed !== null}>
            {pointed === null
              ? coverageWords(coverage)
              : `${say.COVERAGE.block(pointed)}${isOwn(pointed) ? `, ${say.COVERAGE.own}` : ''}: ${pointedWords(coverage[pointed])}`}
          </p>
        </div>
        <div className="strip-box" ref={box}>
          <svg
            width={layout.width}
            height={layout.height}
            viewBox={`0 0 ${layout.width} ${layout.height}`}
            aria-hidden="true"
            onPointerMove={onPointerMove}
            onPointerLeave={() => setPointed(null)}
          >
            <Lattice layout={layout} pointed={pointed} own={own} />
          </svg>
        </div>
        <Legend coverage={coverage} own={own} isOwnProved={isOwnProved} copyName={copyName} />
        <ul className="only-read">
          {stripWords(coverage, own).map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </section>
    )
  },
  (before, after) => JSON.stringify(before) === JSON.stringify(after),
)

function pointedWords(copies: number | undefined): string {
  return copies === undefined ? say.COVERAGE.notKnown : copyWords(copies)
}

const LEAF = 'M0 0C.26-.66.68-.8 1.02-.74 1-.28.64.08 0 0z'

function Lattice({ layout, pointed, own }: { layout: StripLayout; pointed: number | null; own: StripInput['own'] }) {
  const { rows, stems, leaves, buds, leafLength, pitch, latticeHeight } = layout
  const stemWidth = pitch < 14 ? 1.2 : 1.6
  return (
    <>
      {rows.map((row) => (
        <g key={row.start}>
          {pointed !== null && pointed >= row.start && pointed < row.end && (
            <rect
              className="strip-pointed"
              x={(pointed - row.start) * pitch}
              y={row.top}
              width={pitch}
              height={latticeHeight}
              rx={Math.min(6, pitch / 3)}
            />
          )}
          {row.wires.map((y) => (
            <path key={y} className="strip-wire" d={`M0 ${y}H${(row.end - row.start) * pitch}`} />
          ))}
        </g>
      ))}
      {stems.map(({ block, x, top, bottom, kind }) => (
        <path
          key={block}
          className={`strip-stem is-${kind}`}
          strokeWidth={kind === 'own' ? stemWidth + 0.6 : stemWidth}
          d={`M${x.toFixed(1)} ${bottom}V${top}`}
        />
      ))}
      {buds.map(({ x, y, kind }) => (
        <circle key={`${x}/${y}`} className={`strip-bud is-${kind}`} cx={x.toFixed(1)} cy={y} r={stemWidth + 0.2} />
      ))}
      {leaves.map(({ x, y, side, kind }) => (
        <path
          key={`${x}/${y}/${side}`}
          className={`strip-leaf is-${kind}`}
          d={LEAF}
          strokeWidth={1.4 / leafLength}
          transform={`translate(${x.toFixed(1)} ${y}) scale(${side * leafLength} ${leafLength})`}
        />
      ))}
      {rows.map((row) => (
        <RowLabels key={row.start} row={row} layout={layout} own={own} />
      ))}
    </>
  )
}

function RowLabels({ row, layout, own }: { row: StripRow; layout: StripLayout; own: StripInput['own'] }) {
  const { pitch, latticeHeight } = layout
  const y = row.top + latticeHeight + 18
  const right = (row.end - row.start) * pitch
  const label = own && row.frame ? say.COVERAGE.ownRange(formatBlocks(own)) : null
  const labelWidth = label ? label.length * 7.4 : 0
  const middle = row.frame ? row.frame.x + row.frame.width / 2 : 0
  const labelX = Math.min(right - labelWidth / 2, Math.max(labelWidth / 2, middle))
  const isFree = (from: number, to: number) => !label || to < labelX - labelWidth / 2 || from > labelX + labelWidth / 2
  return (
    <>
      {row.frame && (
        <rect
          className="strip-frame"
          x={row.frame.x + 1}
          y={row.top + 1}
          width={row.frame.width - 2}
          height={latticeHeight - 2}
          rx={Math.min(10, row.frame.width / 3)}
        />
      )}
      {isFree(0, 30) && (
        <text className="strip-label" x={Math.max(0, pitch / 2 - 4)} y={y}>
          {row.start}
        </text>
      )}
      {isFree(right - 30, right) && row.end - row.start > 1 && (
        <text className="strip-label" x={right - Math.max(0, pitch / 2 - 4)} y={y} textAnchor="end">
          {row.end - 1}
        </text>
      )}
      {label && (
        <text className="strip-label is-own" x={labelX} y={y} textAnchor="middle">
          {label}
        </text>
      )}
    </>
  )
}

type LegendProps = Pick<StripInput, 'coverage' | 'own' | 'isOwnProved'> & { copyName: string }

function Legend({ coverage, own, isOwnProved, copyName }: LegendProps) {
  const entries: [kind: string, words: string][] = []
  if (own) entries.push(isOwnProved ? ['own', say.COVERAGE.ownCopy] : ['own-unproved', say.COVERAGE.ownUnproved])
  if (coverage.some((copies) => copies > 0)) entries.push(['other', copyName])
  if (coverage.some((copies, block) => copies === 0 && !(own && block >= own.start && block < own.end)))
    entries.push(['gap', say.COVERAGE.none])
  if (entries.length === 0) return null
  return (
    <p className="strip-legend" aria-hidden="true">
      {entries.map(([kind, words]) => (
        <span key={kind}>
          <svg width="14" height="12" viewBox="0 0 14 12" aria-hidden="true">
            <path
              className={`strip-leaf is-${kind}`}
              d={LEAF}
              strokeWidth={1.4 / 12}
              transform="translate(1 10.5) scale(12 12)"
            />
          </svg>
          {capitalize(words)}
        </span>
      ))}
    </p>
  )
}
