// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, within } from '@testing-library/react'
import { afterEach, expect, it } from 'vitest'
import { peersOf } from '../../e2e/support/status-fixtures'
import { CapabilityMatrix } from './capability-matrix'

afterEach(cleanup)

const names = () =>
  screen
    .queryAllByRole('rowheader')
    .map((cell) => cell.querySelector('[title]')?.textContent ?? '')
    .toSorted()

/** Three nodes of five capabilities each, of which some were not said. */
function showThree() {
  render(<CapabilityMatrix peers={peersOf(1_000).slice(0, 3)} />)
}

it('H-22: three nodes by five capabilities are a table with a cell for each', () => {
  showThree()
  const table = screen.getByRole('table')
  expect(
    within(table)
      .getAllByRole('columnheader')
      .map((cell) => cell.textContent),
  ).toEqual([...['Node', 'Serves blocks', 'Reached', 'Room', 'Speed', 'Quantization']])
  const walnut = within(table).getByRole('row', { name: /walnut/ })
  expect(
    within(walnut)
      .getAllByRole('cell')
      .map((cell) => cell.textContent),
  ).toEqual([...['0–3', 'directly', '12,288 tokens', '38.2 tokens/s', 'Q4_K']])
  expect(within(table).getAllByRole('cell')).toHaveLength(15)
  // What was not said is no "no".
  expect(within(table).getAllByText('not said').length).toBeGreaterThan(0)
})

it('H-22: the filter keeps nodes that have all of what is wanted, and can be taken back', () => {
  showThree()
  expect(names()).toHaveLength(3)
  fireEvent.click(screen.getByRole('checkbox', { name: 'are reached directly' }))
  expect(names()).toEqual(['attic-pc', 'walnut'])
  expect(screen.getByRole('status').textContent).toBe('2 of 3')
  fireEvent.change(screen.getByRole('searchbox'), { target: { value: '0–3' } })
  expect(names()).toEqual(['walnut'])
  fireEvent.change(screen.getByRole('searchbox'), { target: { value: 'nobody is called that' } })
  expect(screen.queryByRole('table')).toBeNull()
  fireEvent.click(screen.getByRole('button', { name: 'Show all' }))
  expect(names()).toHaveLength(3)
})
