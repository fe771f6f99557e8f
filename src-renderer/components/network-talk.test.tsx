// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'
import { servingStatus } from '../../e2e/support/status-fixtures'
import { TALK as FIXTURE } from '../../e2e/support/view-fixtures'
import { systemClock } from '../../src-shared/clock'
import type { NodeStatus } from '../../src-shared/status'
import { createBridgeClient } from '../bridge-client'
import { createAskedStore } from '../stores/asked-store'
import { createPlayedTransport, OPEN, ok, REFUSED } from '../testing/played-transport'
import { say } from '../words'
import { NetworkTalkPanel } from './network-talk'
import { ThisComputer } from './this-computer'

afterEach(cleanup)

async function open({ mayOperate = true, calls = undefined as NodeStatus['calls'] } = {}) {
  const transport = createPlayedTransport()
  const store = createAskedStore(createBridgeClient(transport), systemClock, 'talk.get', {})
  transport.connect(OPEN)
  render(<NetworkTalkPanel store={store} calls={calls} isLive mayOperate={mayOperate} />)
  const answer = (value: unknown) => act(() => transport.lastCall('talk.get').answer(ok(value)))
  return { transport, answer }
}

describe('M-34: what is talked', () => {
  it('M-34: is counted by protocol, and the switch says until when it is on', async () => {
    const { transport, answer } = await open()
    expect(screen.getByText(say.TALK.loading)).toBeTruthy()
    await answer(FIXTURE)
    const rows = screen.getAllByRole('row').slice(1)
    expect(rows.map((row) => row.textContent)).toContain('/espalier/kad/1.0.041238803')
    const toggle = screen.getByRole<HTMLInputElement>('checkbox')
    expect(toggle.checked).toBe(false)
    fireEvent.click(toggle)
    const call = transport.lastCall('talk.verbose')
    expect(call.input).toEqual({ on: true })
    await act(() => call.answer(ok({ ...FIXTURE, verboseUntil: Date.UTC(2026, 0, 1, 12) })))
    expect(toggle.checked).toBe(true)
    expect(screen.getByRole('status').textContent).toMatch(/Ends by itself at \d\d:\d\d:\d\d\./)
  })

  it('M-34: is nothing while no node runs, and a look changes nothing', async () => {
    const { answer } = await open({ mayOperate: false })
    await answer(null)
    expect(screen.getByText(say.TALK.stopped)).toBeTruthy()
    expect(screen.queryByRole('checkbox')).toBeNull()
    cleanup()
    const { answer: later } = await open({ mayOperate: false })
    await later({ protocols: [], verboseUntil: null })
    expect(screen.getByText(say.TALK.none)).toBeTruthy()
    expect(screen.getByRole<HTMLInputElement>('checkbox').disabled).toBe(true)
  })

  it('stands beside what was refused of the calls of others, in one table', async () => {
    const calls = {
      ...{ answered: 10, refused: 26, refusedEarly: 2, peersCut: 0 },
      protocols: [
        { protocol: '/espalier/kad/1.0.0', admitted: 10, refused: 4 },
        { protocol: '/odd/1', admitted: 0, refused: 20 },
        { protocol: '/quiet/1', admitted: 0, refused: 0 },
      ],
    }
    const { answer } = await open({ calls })
    await answer(FIXTURE)
    const rows = screen.getAllByRole('row').map((row) => row.textContent)
    expect(rows).toContain('/espalier/kad/1.0.041238843')
    expect(rows.at(-1)).toBe('/odd/100200')
    expect(screen.getByText(/2 calls ended before it was said what for\./)).toBeTruthy()
    cleanup()
    const { answer: quiet } = await open({ calls: { ...calls, refused: 0, refusedEarly: 0, protocols: [] } })
    await quiet(FIXTURE)
    expect(screen.queryByText(new RegExp(say.TALK.whyRefused))).toBeNull()
  })

  it('M-34: says why the node did not say', async () => {
    const { transport } = await open()
    await act(() => transport.lastCall('talk.get').answer(REFUSED))
    expect(screen.getByText(new RegExp(say.TALK.failed))).toBeTruthy()
    expect(screen.queryByText(say.TALK.loading)).toBeNull()
  })
})

it('M-39: a speed stands with when and on what it was measured, and not at all where none was', () => {
  const status = servingStatus(1_000)
  const { rerender } = render(<ThisComputer resources={status.resources} compute={undefined} speed={status.speed} />)
  expect(screen.getByText(say.SPEED.title)).toBeTruthy()
  expect(screen.getByText(/^Speed measured on 30 Jan 2026, \d\d:\d\d:\d\d, AMD Ryzen 7 7840U\.$/)).toBeTruthy()
  rerender(<ThisComputer resources={status.resources} compute={undefined} speed={undefined} />)
  expect(screen.queryByText(say.SPEED.title)).toBeNull()
})
