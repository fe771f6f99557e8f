import { useEffect } from 'react'
import { useStore } from 'zustand'
import type { NetworkTalk } from '../../src-shared/network-talk'
import { formatClock, formatCount } from '../format'
import type { AskedStore } from '../stores/asked-store'
import { say } from '../words'
import { FailureNote } from './failure-note'
import { useNow } from './hooks'

const ASK_EVERY_MS = 5_000

interface Props {
  store: AskedStore<NetworkTalk | null>
  isLive: boolean
  mayOperate: boolean
}

/** How much the node talks in each protocol, and the switch for libp2p's own log. */
export function NetworkTalkPanel({ store, isLive, mayOperate }: Props) {
  const { value: talk, isAsking, failure } = useStore(store.state)
  const turn = Math.floor(useNow() / ASK_EVERY_MS)
  // biome-ignore lint/correctness/useExhaustiveDependencies: each turn asks anew.
  useEffect(() => {
    if (isLive) store.ask()
  }, [store, isLive, turn])
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
      {talk && (talk.protocols.length > 0 ? <Protocols talk={talk} /> : <p className="empty">{say.TALK.none}</p>)}
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

function Protocols({ talk }: { talk: NetworkTalk }) {
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
            {say.TALK.open}
          </th>
        </tr>
      </thead>
      <tbody>
        {talk.protocols.map(({ protocol, opened, accepted, open }) => (
          <tr key={protocol}>
            <th scope="row">
              <code>{protocol}</code>
            </th>
            <td className="number">{formatCount(opened)}</td>
            <td className="number">{formatCount(accepted)}</td>
            <td className="number">{formatCount(open)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
