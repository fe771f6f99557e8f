import { geoPath } from 'd3-geo'
import { expect, it } from 'vitest'
import { mapFrame, OUTLINE } from './map-frame'

it.each([240, 327, 640, 837, 1_184, 1_900])(
  'a map of %i pixels shows its whole edge, and fills its width',
  (widthPx) => {
    const { projection, heightPx } = mapFrame(widthPx)
    const [[left, top], [right, bottom]] = geoPath(projection.clipExtent(null)).bounds(OUTLINE)
    expect(left).toBeGreaterThanOrEqual(0.5)
    expect(top).toBeGreaterThanOrEqual(0.5)
    expect(right).toBeLessThanOrEqual(widthPx - 0.5)
    expect(bottom).toBeLessThanOrEqual(heightPx - 0.5)
    expect(right - left).toBeGreaterThan(widthPx - 4)
  },
)
