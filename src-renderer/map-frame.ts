import { type GeoProjection, geoGraticule, geoNaturalEarth1 } from 'd3-geo'

/** Where people live. All of the globe's width; without the cut a fifth of the drawing would be Antarctica. */
const NORTH = 84
const SOUTH = -58
const graticule = geoGraticule().extent([
  [-180, SOUTH],
  [180, NORTH],
])

/** Meridians and parallels, 30 degrees apart, as far as the drawing goes. */
export const LATTICE = graticule.step([30, 30])()
/** The edge of what is drawn. */
export const OUTLINE = graticule.outline()

/** Room for the outline's stroke, which would otherwise be cut in half. */
const EDGE_PX = 1

export interface MapFrame {
  projection: GeoProjection
  heightPx: number
}

/** A projection that fills the width, and the height that it takes: nothing of the outline lies beyond the frame. */
export function mapFrame(widthPx: number): MapFrame {
  const projection = geoNaturalEarth1().fitWidth(Math.max(1, widthPx - 2 * EDGE_PX), { type: 'Sphere' })
  const [x, y] = projection.translate()
  const topPx = projection([0, NORTH])?.[1] ?? 0
  const bottomPx = projection([0, SOUTH])?.[1] ?? 0
  projection.translate([x + EDGE_PX, y - topPx + EDGE_PX])
  const heightPx = Math.ceil(bottomPx - topPx + 2 * EDGE_PX)
  // What lies further south is not drawn.
  projection.clipExtent([
    [0, 0],
    [widthPx, heightPx - EDGE_PX],
  ])
  return { projection, heightPx }
}
