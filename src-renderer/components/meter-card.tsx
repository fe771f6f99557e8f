import { useStore } from 'zustand'
import { formatRate } from '../format'
import type { MeterStore } from '../stores/meter-store'
import { say } from '../words'
import { meterRows } from '../words/meter'
import { FailureNote } from './failure-note'

export interface MeterCardProps {
  store: MeterStore
  /** The coordinator of the network that is asked about. */
  url: string
  /** A person has said that this http:// address may be asked. */
  insecure?: true | undefined
  disabled: boolean
}

/** What this computer alone does, what the network does, and what both would do, before anybody joins anything. */
export function MeterCard({ store, url, insecure, disabled }: MeterCardProps) {
  const { metering } = useStore(store.state)
  const mine = metering.state !== 'none' && metering.url === url ? metering : null
  const isRunning = mine?.state === 'running'
  return (
    <section className="meter" aria-label={say.METER.title}>
      <div className="card-head">
        <h3>{say.METER.title}</h3>
        {isRunning ? (
          <button type="button" className="button is-small" onClick={() => store.cancel()}>
            {say.METER.stop}
          </button>
        ) : (
          <button
            type="button"
            className="button is-small"
            disabled={disabled}
            onClick={() => void store.run(url, insecure)}
          >
            {mine ? say.METER.again : say.METER.run}
          </button>
        )}
      </div>
      {mine?.state === 'done' ? (
        <>
          <p className="meter-verdict">{say.METER_VERDICTS[mine.meter.verdict]}</p>
          <Rows rows={meterRows(mine.meter)} />
        </>
      ) : (
        <p className="fine" role="status">
          {isRunning ? say.METER_STAGE_WORDS[mine.stage] : say.METER.lead}
        </p>
      )}
      {mine?.state === 'failed' && <FailureNote failure={mine.failure} />}
    </section>
  )
}

function Rows({ rows }: { rows: ReturnType<typeof meterRows> }) {
  const most = Math.max(...rows.map(({ rate }) => rate ?? 0), Number.MIN_VALUE)
  return (
    <dl className="meter-rows">
      {rows.map(({ name, rate, basis }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <span className="meter-bar" aria-hidden="true">
              {rate !== null && <span style={{ width: `${(100 * rate) / most}%` }} />}
            </span>
            <b className="number">{rate === null ? '–' : `${formatRate(rate)} ${say.METER.unit}`}</b>
            <span className="fine">{basis}</span>
          </dd>
        </div>
      ))}
    </dl>
  )
}
