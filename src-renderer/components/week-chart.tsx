import { useEffect } from 'react'
import { useStore } from 'zustand'
import type { DayGiven, WeekGiven } from '../../src-shared/contribution'
import { formatCount, formatSpan, formatWhole } from '../format'
import type { AskedStore } from '../stores/asked-store'
import { say } from '../words'
import { barWords, dayWords, isCounted, longDay, shortDay, tableDay, weekSum, weekWords } from '../words/week'
import { FailureNote } from './failure-note'
import { useNow } from './hooks'

const DAY_MS = 24 * 60 * 60_000
const ASK_MS = 60_000

export interface WeekChartProps {
  store: AskedStore<WeekGiven>
  isLive: boolean
  /** A demo's figures are not counted. */
  isDemo: boolean
}

/** What this computer gave, day by day: tokens as bars, how long it ran below them, all of it as a table. */
export function WeekChart({ store, isLive, isDemo }: WeekChartProps) {
  const { value: week, isAsking, failure } = useStore(store.state)
  const minute = Math.floor(useNow() / ASK_MS)
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again every minute
  useEffect(() => {
    if (isLive) store.ask()
  }, [store, isLive, minute])
  const sum = week && weekSum(week)
  return (
    <section className="card week" aria-labelledby="week-title" aria-busy={isAsking && !week}>
      <div className="card-head">
        <h2 id="week-title">{say.WEEK.title}</h2>
        {sum && sum.tokens > 0 && <p className="aside">{say.WEEK.sum(formatCount(sum.tokens))}</p>}
      </div>
      {failure && (
        <FailureNote failure={failure} lead={say.WEEK.failed}>
          <button type="button" className="link" onClick={store.ask}>
            {say.WEEK.again}
          </button>
        </FailureNote>
      )}
      {!week && !failure && <p className="empty">{say.WEEK.loading}</p>}
      {week &&
        (week.firstDay === null ? (
          <p className="empty">{isDemo ? say.WEEK.demo : say.WEEK.nothing}</p>
        ) : (
          <Chart week={week} />
        ))}
      {week && week.firstDay !== null && (
        <>
          {week.firstDay === week.days.at(-1)?.day && <p className="fine">{say.WEEK.firstDay}</p>}
          <Table week={week} />
        </>
      )}
    </section>
  )
}

function Chart({ week }: { week: WeekGiven }) {
  const most = Math.max(...week.days.map(({ tokens }) => tokens), 1)
  return (
    <div className="week-days" role="img" aria-label={weekWords(week)}>
      {week.days.map((day, index) => (
        <Bar
          key={day.day}
          day={day}
          most={most}
          isToday={index === week.days.length - 1}
          isCounted={isCounted(week, day.day)}
        />
      ))}
    </div>
  )
}

interface BarProps {
  day: DayGiven
  most: number
  isToday: boolean
  isCounted: boolean
}

function Bar({ day, most, isToday, isCounted: counted }: BarProps) {
  const classes = ['week-day', ...(isToday ? ['is-today'] : []), ...(counted ? [] : ['is-uncounted'])]
  return (
    <div className={classes.join(' ')} title={`${longDay(day.day)}: ${counted ? dayWords(day) : say.WEEK.notCounted}`}>
      <span className="week-figure">{counted ? barWords(day.tokens) : ''}</span>
      <span className="week-stem">
        {/* What was given at all can be seen, however little it was. */}
        {day.tokens > 0 && <span style={{ height: `max(2px, ${(100 * day.tokens) / most}%)` }} />}
      </span>
      <span className="week-name">{isToday ? say.WEEK.today : shortDay(day.day)}</span>
      <span className="week-ran" title={`${say.WEEK.ran}: ${formatSpan(day.runningMs)}`}>
        <span style={{ width: `${Math.min(100, (100 * day.runningMs) / DAY_MS)}%` }} />
      </span>
    </div>
  )
}

function Table({ week }: { week: WeekGiven }) {
  return (
    <details className="week-table">
      <summary>{say.WEEK.asTable}</summary>
      <table>
        <caption className="only-read">{say.WEEK.caption}</caption>
        <thead>
          <tr>
            <th scope="col">{say.WEEK.day}</th>
            <th scope="col">{say.WEEK.tokens}</th>
            <th scope="col">{say.WEEK.requests}</th>
            <th scope="col">{say.WEEK.running}</th>
          </tr>
        </thead>
        <tbody>
          {week.days.toReversed().map((day) => (
            <tr key={day.day}>
              <th scope="row">{tableDay(day.day)}</th>
              {isCounted(week, day.day) ? (
                <>
                  <td>{formatWhole(day.tokens)}</td>
                  <td>{formatWhole(day.requests)}</td>
                  <td>{formatSpan(day.runningMs)}</td>
                </>
              ) : (
                <td colSpan={3}>{say.WEEK.notCounted}</td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  )
}
