import { expect, it } from 'vitest'
import { hashOf, PAGES, parseRoute, WELCOME_STEPS } from './router'

it('reads every address that it writes, and takes all others for the overview', () => {
  for (const page of PAGES) {
    const route = page === 'peers' ? ({ page, view: 'table' } as const) : { page }
    expect(parseRoute(hashOf(route))).toEqual(route)
  }
  for (const view of ['capabilities', 'map', 'path'] as const) {
    expect(parseRoute(hashOf({ page: 'peers', view }))).toEqual({ page: 'peers', view })
  }
  for (const step of WELCOME_STEPS) {
    expect(parseRoute(hashOf({ page: 'welcome', step }))).toEqual({ page: 'welcome', step })
  }
  expect(parseRoute('#/welcome/moon')).toEqual({ page: 'welcome', step: 'what' })
  expect(parseRoute('#/peers/moon')).toEqual({ page: 'peers', view: 'table' })
  for (const other of ['', '#', '#/', '#overview', '#/nowhere', '#token=x']) {
    expect(parseRoute(other)).toEqual({ page: 'overview' })
  }
})
