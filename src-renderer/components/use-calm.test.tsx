// @vitest-environment happy-dom
import { act, cleanup, render, screen } from '@testing-library/react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { useCalm } from './use-calm'

beforeEach(() => void vi.useFakeTimers({ toFake: ['requestAnimationFrame', 'cancelAnimationFrame', 'performance'] }))
afterEach(() => {
  cleanup()
  vi.useRealTimers()
})

let renders = new Set<number>()
function Shown({ value, minMs }: { value: number; minMs: number }) {
  const calm = useCalm(value, minMs)
  renders.add(calm)
  return <p>{calm}</p>
}
const shown = () => Number(screen.getByText(/\d/).textContent)

it('ten changes a second are shown at most four times a second, and the last of them in the end', async () => {
  renders = new Set()
  const { rerender } = render(<Shown value={0} minMs={250} />)
  for (let change = 1; change <= 20; change += 1) {
    rerender(<Shown value={change} minMs={250} />)
    await act(async () => vi.advanceTimersByTime(100))
  }
  expect(renders.size).toBeLessThanOrEqual(1 + 2 * 4 + 1)
  expect(renders.size).toBeGreaterThan(5)
  await act(async () => vi.advanceTimersByTime(400))
  expect(shown()).toBe(20)
})

it('shows at once what is not to be calmed', () => {
  const { rerender } = render(<Shown value={1} minMs={0} />)
  rerender(<Shown value={2} minMs={0} />)
  expect(shown()).toBe(2)
  // From there on it is calm, and nothing older comes back.
  rerender(<Shown value={3} minMs={250} />)
  expect(shown()).toBe(2)
})
