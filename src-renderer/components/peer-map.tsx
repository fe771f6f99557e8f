import { geoGraticule, geoNaturalEarth1, geoPath } from 'd3-geo'
import type { MultiPoint } from 'geojson'
import { useMemo, useRef } from 'react'
import { feature } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import landData from 'world-atlas/land-110m.json'
import type { PeerSummary } from '../../src-shared/status'
import { type Place, splitByPlace } from '../peer-places'
import { blockWords, PEER_STATES } from '../words/node'
import { PEERS_PAGE } from '../words/peers'
import { useWidth } from './hooks'
import { StatusShapeIcon } from './status-shape'
import { CopyPeerId } from './text'

const topology = landData as unknown as Topology<{ land: GeometryCollection }>
const land = feature(topology, topology.objects.land)
const lattice = geoGraticule().step([30, 30])()
/** Where people live; without it a fifth of the drawing would be Antarctica. */
const FRAME = {
  type: 'MultiPoint',
  coordinates: [
    [-170, 0],
    [180, 0],
    [0, 80],
    [0, -54],
  ],
} as const satisfies MultiPoint
const ASPECT = 0.48
const MARK_PX = 18

/** The records of this version hold no place. */
const noPlaceIsKnown = (): Place | null => null

export interface PeerMapProps {
  peers: readonly PeerSummary[]
  placeOf?: (peer: PeerSummary) => Place | null
}

export default function PeerMap({ peers, placeOf = noPlaceIsKnown }: PeerMapProps) {
  const box = useRef<HTMLDivElement>(null)
  const width = useWidth(box, 720)
  const height = Math.round(width * ASPECT)
  const { projection, landPath, latticePath } = useMemo(() => {
    const fitted = geoNaturalEarth1().fitSize([width, height], FRAME)
    const pathOf = geoPath(fitted)
    return { projection: fitted, landPath: pathOf(land) ?? '', latticePath: pathOf(lattice) ?? '' }
  }, [width, height])
  const { placed, unplaced } = useMemo(() => splitByPlace(peers, placeOf), [peers, placeOf])

  return (
    <div className="map-columns">
      <section className="card map" aria-labelledby="map-title">
        <div className="card-head">
          <h2 id="map-title">{PEERS_PAGE.mapTitle}</h2>
          {placed.length === 0 && <p className="aside">{PEERS_PAGE.nobodyPlaced}</p>}
        </div>
        <div className="map-box" ref={box}>
          <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
            <path className="map-lattice" d={latticePath} />
            <path className="map-land" d={landPath} />
          </svg>
          <ul className="map-marks">
            {placed.map(({ peerId, publicName, state, place }) => {
              const at = projection([place.longitude, place.latitude])
              const name = publicName ?? PEERS_PAGE.unnamed
              return (
                at && (
                  <li key={peerId} title={name} style={{ left: at[0] - MARK_PX / 2, top: at[1] - MARK_PX / 2 }}>
                    <StatusShapeIcon
                      shape={PEER_STATES[state].shape}
                      size={MARK_PX}
                      label={`${name}: ${PEER_STATES[state].word}`}
                    />
                  </li>
                )
              )
            })}
          </ul>
        </div>
      </section>
      <section className="card map-list" aria-labelledby="unplaced-title">
        <div className="card-head">
          <h2 id="unplaced-title">{PEERS_PAGE.unknownTitle}</h2>
          <p className="aside">{unplaced.length > 0 && unplaced.length.toLocaleString('en')}</p>
        </div>
        <p className="fine">
          {unplaced.length > 0 || peers.length === 0 ? PEERS_PAGE.unknownWhy : PEERS_PAGE.allPlaced}
        </p>
        <ul>
          {unplaced.map(({ peerId, publicName, state, blocks, isSelf }) => (
            <li key={peerId}>
              <StatusShapeIcon shape={PEER_STATES[state].shape} size={16} label={PEER_STATES[state].word} />
              <span className="map-name">
                <b>{publicName ?? PEERS_PAGE.unnamed}</b>
                <CopyPeerId peerId={peerId} />
              </span>
              <span className="aside">{isSelf ? PEERS_PAGE.self : blocks ? blockWords([blocks]) : null}</span>
            </li>
          ))}
        </ul>
      </section>
    </div>
  )
}
