import { useEffect } from 'react'
import { useStore } from 'zustand'
import type { NetworkTalk } from '../../src-shared/network-talk'
import type { NodeStatus } from '../../src-shared/status'
import { formatClock, formatCount } from '../format'
import type { AskedStore } from '../stores/asked-store'
import { say } from '../words'
import { FailureNote } from './failure-note'
import { useNow } from './hooks'

const ASK_EVERY_MS = 5_000

interface Props {
  store: AskedStore<NetworkTalk | null>
  /** What became of the calls of others; absent while no node runs. */
  calls: NodeStatus['calls']
  isLive: boolean
  mayOperate: boolean
}

/** How much the node talks in each protocol, what of it was refused, and the switch for libp2p's own log. */
export function NetworkTalkPanel({ store, calls, isLive, mayOperate }: Props) {
  const { value: talk, isAsking, failure } = useStore(store.state)
  const turn = Math.floor(useNow() / ASK_EVERY_MS)
  // biome-ignore lint/correctness/useExhaustiveDependencies: each turn asks anew.
  useEffect(() => {
    if (isLive) store.ask()
  }, [store, isLive, turn])
  const rows = talk ? rowsOf(talk, calls) : []
  const isOn = talk?.verboseUntil != null
  return (
    <section className="card" aria-labelledby="talk-title" aria-busy={isAsking && talk === undefined}>
      <div className="card-head">
        <h2 id="talk-title">{say.TALK.title}</h2>
      </div>
      <p className="fine">{say.TALK.lead}</p>
      {failure && <FailureNote failure={failure} lead={say.TALK.failed} />}
      {talk === undefined && !failure && <p className="empty">{say.TALK.loading}</p>}
      {talk === null && <p className="empty">{say.TALK.stopped}</p>}
      {talk && (rows.length > 0 ? <Protocols rows={rows} /> : <p className="empty">{say.TALK.none}</p>)}
      {talk && calls && calls.refused > 0 && (
        <p className="fine">
          {say.TALK.whyRefused}
          {calls.refusedEarly > 0 && ` ${say.TALK.refusedEarly(calls.refusedEarly)}`}
        </p>
      )}
      {talk && (
        <div className="talk-verbose">
          <label className="toggle">
            <input
              type="checkbox"
              checked={isOn}
              disabled={!mayOperate || !isLive}
              aria-describedby="talk-verbose-hint"
              onChange={(event) => {
                const on = event.target.checked
                void store.change((client) => client.call('talk.verbose', { on }))
              }}
            />
            {say.TALK.verbose}
          </label>
          <p id="talk-verbose-hint" className="fine" role="status">
            {talk.verboseUntil == null
              ? say.TALK.verboseHint
              : `${say.TALK.verboseUntil} ${formatClock(talk.verboseUntil)}.`}
          </p>
        </div>
      )}
    </section>
  )
}

interface Row {
  protocol: string
  opened: number
  accepted: number
  open: number
  refused: number
}

/** Counted in two places of the node: streams in one, calls that were more than it answers in the other. */
function rowsOf(talk: NetworkTalk, calls: NodeStatus['calls']): Row[] {
  const refused = new Map(calls?.protocols.map((counts) => [counts.protocol, counts.refused]))
  const known = new Set(talk.protocols.map(({ protocol }) => protocol))
  const unopened = [...refused].filter(([protocol, count]) => count > 0 && !known.has(protocol))
  return [
    ...talk.protocols.map((row) => ({ ...row, refused: refused.get(row.protocol) ?? 0 })),
    ...unopened.map(([protocol, count]) => ({ protocol, opened: 0, accepted: 0, open: 0, refused: count })),
  ]
}

function Protocols({ rows }: { rows: readonly Row[] }) {
  return (
    <table className="protocols">
      <thead>
        <tr>
          <th scope="col">{say.TALK.protocol}</th>
          <th scope="col" className="number">
            {say.TALK.opened}
          </th>
          <th scope="col" className="number">
            {say.TALK.accepted}
          </th>
          <th scope="col" className="number">
            {say.TALK.refused}
          </th>
          <th scope="col" className="number">
            {say.TALK.open}
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ protocol, opened, accepted, open, refused }) => (
          <tr key={protocol}>
            <th scope="row">
              <code>{protocol}</code>
            </th>
            <td className="number">{formatCount(opened)}</td>
            <td className="number">{formatCount(accepted)}</td>
            <td className="number">{formatCount(refused)}</td>
            <td className="number">{formatCount(open)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
