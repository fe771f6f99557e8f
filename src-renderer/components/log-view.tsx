import { useVirtualizer } from '@tanstack/react-virtual'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useStore } from 'zustand'
import type { LogLine } from '../../src-shared/app-views'
import { formatClock, formatExact, formatIso } from '../format'
import { filterLines, LOG_LEVELS, lineText } from '../log-filter'
import type { LogStore } from '../stores/log-store'
import { say } from '../words'
import { logCountWords } from '../words/diagnostics'
import { FailureNote } from './failure-note'
import { WithPeers } from './text'
import { useCalm } from './use-calm'

const LINE_PX = 28
/** Counting the rows of so many lines costs a frame; four times a second is as fast as one reads. */
const MOST_LIVELY = 20_000
const CALM_MS = 250
/** Within this distance of the end, the reader is at the end. */
const END_PX = 24

export function LogView({ store }: { store: LogStore }) {
  const { lines: all, isLoaded, failure } = useStore(store.state)
  const lines = useCalm(all, all.length > MOST_LIVELY ? CALM_MS : 0)
  const [query, setQuery] = useState('')
  const [level, setLevel] = useState<LogLine['level']>('debug')
  const [isFollowing, setFollowing] = useState(true)
  const shown = useMemo(() => filterLines(lines, { query, level }), [lines, query, level])
  useEffect(() => store.load(), [store])

  return (
    <section className="card log" aria-labelledby="log-title">
      <div className="card-head">
        <h2 id="log-title">
          {say.LOG.title} <span className="quiet">{lines.length > 0 && logCountWords(shown.length, lines.length)}</span>
        </h2>
        <CopyLines lines={shown} />
      </div>
      <div className="log-tools">
        <input
          className="field"
          type="search"
          value={query}
          placeholder={say.LOG.search}
          aria-label={say.LOG.search}
          onChange={(event) => setQuery(event.target.value)}
        />
        <fieldset className="segments">
          <legend className="only-read">{say.LOG.level}</legend>
          {LOG_LEVELS.map((name) => (
            <label key={name}>
              <input type="radio" name="log-level" checked={level === name} onChange={() => setLevel(name)} />
              {say.LOG.levels[name]}
            </label>
          ))}
        </fieldset>
        <label className="toggle" title={say.LOG.followHint}>
          <input type="checkbox" checked={isFollowing} onChange={(event) => setFollowing(event.target.checked)} />
          {say.LOG.follow}
        </label>
      </div>
      {failure && <FailureNote failure={failure} lead={say.LOG.failed} />}
      {shown.length > 0 ? (
        <Lines lines={shown} isFollowing={isFollowing} onFollow={setFollowing} />
      ) : (
        <p className="log-empty">
          {lines.length > 0 ? (
            <>
              {say.LOG.nothing}{' '}
              <button
                type="button"
                className="link"
                onClick={() => {
                  setQuery('')
                  setLevel('debug')
                }}
              >
                {say.LOG.clear}
              </button>
            </>
          ) : isLoaded ? (
            say.LOG.empty
          ) : (
            !failure && say.LOG.loading
          )}
        </p>
      )}
    </section>
  )
}

interface LinesProps {
  lines: readonly LogLine[]
  isFollowing: boolean
  onFollow(isFollowing: boolean): void
}

/** Only the lines in view are drawn. Scrolling up stops following; scrolling to the end begins again. */
function Lines({ lines, isFollowing, onFollow }: LinesProps) {
  const box = useRef<HTMLDivElement>(null)
  // The same function until the lines change: with a new one all rows are counted anew at every scroll.
  const keyOf = useCallback((index: number) => lines[index]?.seq ?? index, [lines])
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => LINE_PX,
    getItemKey: keyOf,
    overscan: 8,
  })
  const lastSeq = lines.at(-1)?.seq
  const totalPx = rows.getTotalSize()
  // Lines are measured when they are drawn, so the end moves without a new line too.
  useEffect(() => {
    const element = box.current
    if (isFollowing && element && lastSeq !== undefined && totalPx > 0) element.scrollTop = element.scrollHeight
  }, [isFollowing, lastSeq, totalPx])
  // A window that changes its size scrolls as well; only a hand on the wheel, the keys or the bar means the reader.
  const isByHand = useRef(false)
  const onHand = () => {
    isByHand.current = true
  }
  const onScroll = () => {
    const element = box.current
    if (!element || !isByHand.current) return
    isByHand.current = false
    onFollow(element.scrollHeight - element.scrollTop - element.clientHeight < END_PX)
  }
  return (
    <div
      className="log-lines"
      ref={box}
      role="log"
      // So many lines would drown everything else that is read aloud.
      aria-live="off"
      aria-label={say.LOG.region}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
      tabIndex={0}
      onScroll={onScroll}
      onWheel={onHand}
      onKeyDown={onHand}
      onPointerDown={onHand}
      onTouchMove={onHand}
    >
      <ol style={{ height: totalPx }}>
        {rows.getVirtualItems().map(({ index, start, key }) => {
          const line = lines[index]
          return (
            line && (
              <li
                key={key}
                data-index={index}
                ref={rows.measureElement}
                className={`is-${line.level}`}
                style={{ transform: `translateY(${start}px)` }}
              >
                <time title={formatExact(line.at)}>{formatClock(line.at)}</time>
                <span className="log-level">{line.level}</span>
                <code>{line.code}</code>
                <span className="log-message">
                  <WithPeers text={line.message} />
                </span>
              </li>
            )
          )
        })}
      </ol>
    </div>
  )
}

function CopyLines({ lines }: { lines: readonly LogLine[] }) {
  const [result, setResult] = useState<string>(say.LOG.copy)
  const copy = () => {
    navigator.clipboard.writeText(lines.map((line) => lineText(line, formatIso)).join('\n')).then(
      () => setResult(say.LOG.copied),
      () => setResult(say.LOG.copyFailed),
    )
  }
  return (
    <>
      <button
        type="button"
        className="button is-small"
        disabled={lines.length === 0}
        onClick={copy}
        onBlur={() => setResult(say.LOG.copy)}
        onMouseLeave={() => setResult(say.LOG.copy)}
      >
        {result}
      </button>
      <span className="only-read" role="status">
        {result === say.LOG.copy ? '' : result}
      </span>
    </>
  )
}
