import { memo, useMemo, useState } from 'react'
import type { PeerSummary } from '../../src-shared/status'
import {
  CAPABILITIES,
  type Capability,
  type CapabilityRow,
  type Cell,
  capabilitiesOf,
  filterCapabilities,
} from '../capabilities'
import { sortPeers } from '../peer-order'
import { say } from '../words'
import { peerStateWords } from '../words/node'
import { StatusShapeIcon } from './status-shape'

const ALL: ReadonlySet<Capability> = new Set()

/** Node by capability (H-22), with what each has said, and a filter. */
export function CapabilityMatrix({ peers }: { peers: readonly PeerSummary[] }) {
  const [query, setQuery] = useState('')
  const [wanted, setWanted] = useState(ALL)
  const rows = useMemo(() => sortPeers(peers, { column: 'blocks', isDescending: false }).map(capabilitiesOf), [peers])
  const shown = filterCapabilities(rows, { query, wanted })
  const toggle = (capability: Capability) => {
    const next = new Set(wanted)
    if (!next.delete(capability)) next.add(capability)
    setWanted(next)
  }
  return (
    <section className="card capabilities" aria-labelledby="capabilities-title">
      <div className="card-head">
        <h2 id="capabilities-title">{say.CAPABILITY.title}</h2>
        <p className="aside" role="status">
          {say.fittingWords(shown.length, rows.length)}
        </p>
      </div>
      <div className="capability-filter">
        <input
          className="field"
          type="search"
          value={query}
          placeholder={say.CAPABILITY.search}
          aria-label={say.CAPABILITY.search}
          onChange={(event) => setQuery(event.target.value)}
        />
        <fieldset>
          <legend>{say.CAPABILITY.only}</legend>
          {CAPABILITIES.map((capability) => (
            <label key={capability} className="toggle">
              <input type="checkbox" checked={wanted.has(capability)} onChange={() => toggle(capability)} />
              {say.CAPABILITY_NAMES[capability].wanted}
            </label>
          ))}
        </fieldset>
      </div>
      {shown.length === 0 ? (
        <p className="empty">
          {say.CAPABILITY.nobody}{' '}
          <button
            type="button"
            className="link"
            onClick={() => {
              setQuery('')
              setWanted(ALL)
            }}
          >
            {say.CAPABILITY.clear}
          </button>
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        <section className="capability-scroll" tabIndex={0} aria-label={say.CAPABILITY.title}>
          <table>
            <thead>
              <tr>
                <th scope="col">{say.CAPABILITY.node}</th>
                {CAPABILITIES.map((capability) => (
                  <th key={capability} scope="col" title={say.CAPABILITY_NAMES[capability].hint}>
                    {say.CAPABILITY_NAMES[capability].column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((row) => (
                <Row key={row.peer.peerId} row={row} />
              ))}
            </tbody>
          </table>
        </section>
      )}
      <p className="card-foot">{say.CAPABILITY.says}</p>
    </section>
  )
}

const Row = memo(
  function Row({ row: { peer, cells } }: { row: CapabilityRow }) {
    const { shape, word } = peerStateWords(peer.state)
    return (
      <tr className={peer.state === 'offline' ? 'is-offline' : undefined}>
        <th scope="row">
          <StatusShapeIcon shape={shape} size={16} label={`${word}:`} />
          <span title={peer.peerId}>{peer.publicName ?? say.PEERS_PAGE.unnamed}</span>
          {peer.isSelf && <span className="chip">{say.PEERS_PAGE.self}</span>}
        </th>
        {CAPABILITIES.map((capability) => (
          <CellView key={capability} cell={cells[capability]} />
        ))}
      </tr>
    )
  },
  (before, after) => JSON.stringify(before.row) === JSON.stringify(after.row),
)

/** What a node says of itself gets no leaf: those are for what others saw. A ring marks what it cannot do. */
function CellView({ cell: { state, words } }: { cell: Cell }) {
  if (state === 'unknown') {
    return (
      <td className="quiet">
        <span aria-hidden="true">{words}</span>
        <span className="only-read">{say.CAPABILITY.unknownRead}</span>
      </td>
    )
  }
  return (
    <td className={`is-${state}`}>
      {state === 'no' && <StatusShapeIcon shape="stopped" size={12} />}
      {words}
    </td>
  )
}
