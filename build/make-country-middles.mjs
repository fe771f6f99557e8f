// Makes src-renderer/country-middles.json: where a country is drawn of which nothing more is known. The middle is that
// of its largest piece of land; a middle that lies outside (Croatia is a sickle) moves to the widest part of it.
//   node build/make-country-middles.mjs
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { geoArea, geoBounds, geoCentroid, geoContains, geoDistance } from 'd3-geo'
import { feature } from 'topojson-client'

const GRID_STEPS = 40

/** [longitude, latitude] of what the atlas draws as a part of another country, or not at all. */
const BY_HAND = {
  BQ: [-68.3, 12.2],
  BV: [3.4, -54.4],
  CC: [96.8, -12.2],
  CX: [105.7, -10.5],
  GF: [-53.2, 3.9],
  GI: [-5.4, 36.1],
  GP: [-61.5, 16.2],
  MQ: [-61, 14.7],
  RE: [55.5, -21.1],
  SJ: [16.2, 78.8],
  TK: [-171.8, -9.2],
  TV: [179.2, -8.5],
  UM: [166.6, 19.3],
  XK: [20.9, 42.6],
  YT: [45.2, -12.8],
}

const atlas = JSON.parse(readFileSync(createRequire(import.meta.url).resolve('world-atlas/countries-50m.json'), 'utf8'))
const middles = { ...BY_HAND }
for (const country of feature(atlas, atlas.objects.countries).features) {
  // A few that are not recognised everywhere have no number.
  if (country.id === undefined) continue
  // CLDR knows which letters belong to the number.
  const { region } = new Intl.Locale(`und-${String(country.id).padStart(3, '0')}`)
  middles[region] = middleOf(country.geometry).map((degrees) => Math.round(degrees * 100) / 100)
}
const rows = Object.keys(middles)
  .sort()
  .map((code) => `  ${JSON.stringify(code)}: [${middles[code].join(', ')}]`)
const file = fileURLToPath(new URL('../src-renderer/country-middles.json', import.meta.url))
writeFileSync(file, `{\n${rows.join(',\n')}\n}\n`)

function middleOf(geometry) {
  const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates
  const pieces = polygons.map((coordinates) => ({ type: 'Polygon', coordinates }))
  const largest = pieces.reduce((best, piece) => (geoArea(piece) > geoArea(best) ? piece : best))
  const centroid = geoCentroid(largest)
  return geoContains(largest, centroid) ? centroid : widestPart(largest)
}

/** The point of a grid that is farthest from the border. */
function widestPart(polygon) {
  const [[west, south], [east, north]] = geoBounds(polygon)
  const border = polygon.coordinates.flat()
  let best = { point: border[0], distance: 0 }
  for (let x = 1; x < GRID_STEPS; x += 1) {
    for (let y = 1; y < GRID_STEPS; y += 1) {
      const point = [west + ((east - west) * x) / GRID_STEPS, south + ((north - south) * y) / GRID_STEPS]
      if (!geoContains(polygon, point)) continue
      const distance = Math.min(...border.map((at) => geoDistance(at, point)))
      if (distance > best.distance) best = { point, distance }
    }
  }
  return best.point
}
