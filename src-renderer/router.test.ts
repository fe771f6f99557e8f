import { expect, it } from 'vitest'
import { hashOf, PAGES, parseRoute } from './router'

it('reads every address that it writes, and takes all others for the overview', () => {
  for (const page of PAGES) {
    const route = page === 'peers' ? ({ page, view: 'table' } as const) : { page }
    expect(parseRoute(hashOf(route))).toEqual(route)
  }
  for (const view of ['capabilities', 'map', 'path'] as const) {
    expect(parseRoute(hashOf({ page: 'peers', view }))).toEqual({ page: 'peers', view })
  }
  expect(parseRoute('#/peers/moon')).toEqual({ page: 'peers', view: 'table' })
  for (const other of ['', '#', '#/', '#overview', '#/nowhere', '#token=x']) {
    expect(parseRoute(other)).toEqual({ page: 'overview' })
  }
})
