// @vitest-environment happy-dom
import { act, cleanup, render, screen, within } from '@testing-library/react'
import { afterEach, expect, it } from 'vitest'
import { emptyWeekOf, firstDayOf, weekOf } from '../../e2e/support/week-fixtures'
import { systemClock } from '../../src-shared/clock'
import type { WeekGiven } from '../../src-shared/contribution'
import { createBridgeClient } from '../bridge-client'
import { createAskedStore } from '../stores/asked-store'
import { createPlayedTransport, OPEN, ok, REFUSED } from '../testing/played-transport'
import { WeekChart } from './week-chart'

/** A Saturday. */
const AT = new Date(2026, 10, 21, 12).getTime()
afterEach(cleanup)

async function show(week: WeekGiven | null, isDemo = false) {
  const transport = createPlayedTransport()
  const store = createAskedStore(createBridgeClient(transport), systemClock, 'contribution.get', {})
  transport.connect(OPEN)
  render(<WeekChart store={store} isLive isDemo={isDemo} />)
  expect(screen.getByText('Reading what was given…')).toBeTruthy()
  await act(() => transport.lastCall('contribution.get').answer(week ? ok(week) : REFUSED))
}

it('the week is one sentence for those who do not see it, and a table of every day', async () => {
  await show(weekOf(AT))
  expect(screen.getByRole('img').getAttribute('aria-label')).toBe(
    '1,942,350 tokens for 4,214 requests, most on Wednesday 18 November',
  )
  const rows = within(screen.getByRole('table', { hidden: true })).getAllByRole('row', { hidden: true })
  expect(rows).toHaveLength(8)
  expect(rows[1]?.textContent).toMatch(/^Sat 21 Nov271,800590/)
})

it('days before the first one are not shown as days without work', async () => {
  await show(firstDayOf(AT))
  expect(screen.getAllByText('not counted yet')).toHaveLength(6)
  expect(screen.getByText(/The first day that is counted/)).toBeTruthy()
})

it('says that nothing was given yet, and that a demo is not counted', async () => {
  await show(emptyWeekOf(AT))
  expect(screen.getByText(/^Nothing yet/)).toBeTruthy()
  cleanup()
  await show(emptyWeekOf(AT), true)
  expect(screen.getByText(/A demo is for show/)).toBeTruthy()
})

it('says why it could not be read, and how to try again', async () => {
  await show(null)
  expect(screen.getByText(/CHAIN_INCOMPLETE/)).toBeTruthy()
  expect(screen.getByRole('button', { name: 'Read again' })).toBeTruthy()
})
