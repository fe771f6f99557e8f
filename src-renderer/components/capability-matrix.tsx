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
import { CAPABILITY, CAPABILITY_NAMES, fittingWords } from '../words/capabilities'
import { PEER_STATES } from '../words/node'
import { PEERS_PAGE } from '../words/peers'
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
        <h2 id="capabilities-title">{CAPABILITY.title}</h2>
        <p className="aside" role="status">
          {fittingWords(shown.length, rows.length)}
        </p>
      </div>
      <div className="capability-filter">
        <input
          className="field"
          type="search"
          value={query}
          placeholder={CAPABILITY.search}
          aria-label={CAPABILITY.search}
          onChange={(event) => setQuery(event.target.value)}
        />
        <fieldset>
          <legend>{CAPABILITY.only}</legend>
          {CAPABILITIES.map((capability) => (
            <label key={capability} className="toggle">
              <input type="checkbox" checked={wanted.has(capability)} onChange={() => toggle(capability)} />
              {CAPABILITY_NAMES[capability].wanted}
            </label>
          ))}
        </fieldset>
      </div>
      {shown.length === 0 ? (
        <p className="empty">
          {CAPABILITY.nobody}{' '}
          <button
            type="button"
            className="link"
            onClick={() => {
              setQuery('')
              setWanted(ALL)
            }}
          >
            {CAPABILITY.clear}
          </button>
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        <section className="capability-scroll" tabIndex={0} aria-label={CAPABILITY.title}>
          <table>
            <thead>
              <tr>
                <th scope="col">{CAPABILITY.node}</th>
                {CAPABILITIES.map((capability) => (
                  <th key={capability} scope="col" title={CAPABILITY_NAMES[capability].hint}>
                    {CAPABILITY_NAMES[capability].column}
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
      <p className="card-foot">{CAPABILITY.says}</p>
    </section>
  )
}

const Row = memo(
  function Row({ row: { peer, cells } }: { row: CapabilityRow }) {
    const { shape, word } = PEER_STATES[peer.state]
    return (
      <tr className={peer.state === 'offline' ? 'is-offline' : undefined}>
        <th scope="row">
          <StatusShapeIcon shape={shape} size={16} label={`${word}:`} />
          <span title={peer.peerId}>{peer.publicName ?? PEERS_PAGE.unnamed}</span>
          {peer.isSelf && <span className="chip">{PEERS_PAGE.self}</span>}
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
        <span className="only-read">{CAPABILITY.unknownRead}</span>
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
