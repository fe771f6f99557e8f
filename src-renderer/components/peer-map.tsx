import { geoPath } from 'd3-geo'
import { useMemo, useRef } from 'react'
import { feature } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import landData from 'world-atlas/land-110m.json'
import type { PeerSummary } from '../../src-shared/status'
import { countByCountry, countryPlace } from '../country-places'
import { formatWhole } from '../format'
import { LATTICE, mapFrame, OUTLINE } from '../map-frame'
import { type Place, type PlacedPeer, splitByPlace } from '../peer-places'
import { hashOf } from '../router'
import { createSpread } from '../spread-marks'
import { say } from '../words'
import { peerStateWords } from '../words/node'
import { countryName, markWords } from '../words/places'
import { useWidth } from './hooks'
import { type Mark, PeerCanvas } from './peer-canvas'
import { StatusShapeIcon } from './status-shape'
import { UnplacedPeers } from './unplaced-peers'
import { useCalm } from './use-calm'

const topology = landData as unknown as Topology<{ land: GeometryCollection }>
const land = feature(topology, topology.objects.land)
const MARK_PX = 18
/** More marks than this are drawn as one picture. */
const MOST_ELEMENTS = 200
/** Beyond so many, drawing all of them costs a frame, and four times a second is soon enough. */
const MOST_LIVELY = 1_000
const CALM_MS = 250

const nowhere = (): Place | null => null

/** States change ten times a second and places hardly ever: each is projected once. */
function rememberPoints(project: (place: [number, number]) => [number, number] | null) {
  const known = new Map<string, { place: Place; at: [number, number] | null }>()
  return ({ peerId, place }: PlacedPeer): [number, number] | null => {
    const before = known.get(peerId)
    if (before && before.place.longitude === place.longitude && before.place.latitude === place.latitude) {
      return before.at
    }
    const at = project([place.longitude, place.latitude])
    known.set(peerId, { place, at })
    return at
  }
}

export interface PeerMapProps {
  peers: readonly PeerSummary[]
  /** Whether the owner wants peers placed. */
  isOn?: boolean
  placeOf?: (peer: PeerSummary) => Place | null
}

export default function PeerMap({ peers: all, isOn = true, placeOf: asked = countryPlace }: PeerMapProps) {
  const placeOf = isOn ? asked : nowhere
  const box = useRef<HTMLDivElement>(null)
  const width = useWidth(box, 720)
  const { projection, height, landPath, latticePath, outlinePath } = useMemo(() => {
    const frame = mapFrame(width)
    const pathOf = geoPath(frame.projection)
    return {
      projection: frame.projection,
      height: frame.heightPx,
      landPath: pathOf(land) ?? '',
      latticePath: pathOf(LATTICE) ?? '',
      outlinePath: pathOf(OUTLINE) ?? '',
    }
  }, [width])
  const peers = useCalm(all, all.length > MOST_LIVELY ? CALM_MS : 0)
  const { placed, unplaced } = useMemo(() => splitByPlace(peers, placeOf), [peers, placeOf])
  const pointOf = useMemo(() => rememberPoints(projection), [projection])
  const spread = useMemo(() => createSpread(width, height), [width, height])
  const marks = useMemo(
    () =>
      spread(
        placed.flatMap((peer): Mark[] => {
          const at = pointOf(peer)
          return at ? [{ peer, x: at[0], y: at[1] }] : []
        }),
      ),
    [placed, pointOf, spread],
  )

  return (
    <div className="map-columns">
      <section className="card map" aria-labelledby="map-title">
        <div className="card-head">
          <h2 id="map-title">{say.PLACES.mapTitle}</h2>
          <p className="aside">{placed.length > 0 ? say.PLACES.source : isOn ? say.PLACES.nobody : say.PLACES.isOff}</p>
        </div>
        <div className="map-box" ref={box}>
          <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
            <path className="map-lattice" d={latticePath} />
            <path className="map-land" d={landPath} />
            <path className="map-edge" d={outlinePath} />
          </svg>
          {marks.length > MOST_ELEMENTS ? (
            <PeerCanvas marks={marks} width={width} height={height} />
          ) : (
            <ul className="map-marks">
              {marks.map(({ peer, x, y }) => (
                <li key={peer.peerId} title={markWords(peer)} style={{ left: x - MARK_PX / 2, top: y - MARK_PX / 2 }}>
                  <StatusShapeIcon shape={peerStateWords(peer.state).shape} size={MARK_PX} label={markWords(peer)} />
                </li>
              ))}
            </ul>
          )}
        </div>
        {placed.length > 0 && <p className="fine">{say.PLACES.meaning}</p>}
      </section>
      <div className="map-side">
        <Countries peers={placed} />
        <section className="card map-list" aria-labelledby="unplaced-title">
          <div className="card-head">
            <h2 id="unplaced-title">{say.PLACES.unknownTitle}</h2>
            <p className="aside">{unplaced.length > 0 && formatWhole(unplaced.length)}</p>
          </div>
          <p className="fine">
            {unplaced.length === 0 && peers.length > 0
              ? say.PLACES.allPlaced
              : isOn
                ? say.PLACES.unknownWhy
                : say.PLACES.offWhy}
          </p>
          {!isOn && (
            <p className="fine">
              <a className="link" href={hashOf({ page: 'settings' })}>
                {say.PLACES.toSettings}
              </a>
            </p>
          )}
          <UnplacedPeers peers={unplaced} />
        </section>
      </div>
    </div>
  )
}

/** What the marks cannot say to whoever does not see them. */
function Countries({ peers }: { peers: readonly PeerSummary[] }) {
  const countries = countByCountry(peers)
  if (countries.length === 0) return null
  return (
    <section className="card" aria-labelledby="countries-title">
      <h2 id="countries-title">{say.PLACES.countriesTitle}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <ul className="map-countries" tabIndex={0}>
        {countries.map(({ country, count }) => (
          <li key={country}>
            <span>{countryName(country)}</span>
            <span className="number">{formatWhole(count)}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
