// @vitest-environment happy-dom
import { act, cleanup, render, screen } from '@testing-library/react'
import { Profiler } from 'react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { demoStatus, servingStatus } from '../e2e/support/status-fixtures'
import { firstRunStatus, linesOf, SETTINGS } from '../e2e/support/view-fixtures'
import { systemClock } from '../src-shared/clock'
import type { NodeStatus } from '../src-shared/status'
import { App } from './app'
import { createBridgeClient } from './bridge-client'
import { createAppStores } from './stores/app-stores'
import { createPlayedTransport, OPEN, ok, READ_ONLY } from './testing/played-transport'

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('scrollTo', () => undefined)
  window.location.hash = ''
})
afterEach(() => {
  cleanup()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

async function open(options: { status: NodeStatus; settings?: unknown; connection?: typeof OPEN; hash?: string }) {
  const transport = createPlayedTransport()
  const stores = createAppStores(createBridgeClient(transport), systemClock)
  let renders = 0
  const countRender = () => {
    renders += 1
  }
  window.location.hash = options.hash ?? ''
  render(
    <Profiler id="page" onRender={countRender}>
      <App stores={stores} clock={systemClock} />
    </Profiler>,
  )
  await act(async () => {
    transport.connect(options.connection ?? OPEN)
    await transport.lastCall('status.get').answer(ok(options.status))
    await transport.lastCall('settings.get').answer(ok(options.settings ?? SETTINGS))
  })
  return { transport, stores, countRenders: () => renders }
}

describe('a burst', () => {
  it.each([['#/overview'], ['#/shards'], ['#/peers'], ['#/try'], ['#/diagnostics'], ['#/settings']])(
    'of 200 snapshots, 200 pieces of text and 200 log lines in a second is at most ten renders of %s',
    async (hash) => {
      const { transport, countRenders } = await open({ status: servingStatus(1_000), hash })
      await act(async () => vi.advanceTimersByTimeAsync(2_000))
      const before = countRenders()
      const lines = linesOf(5_000, 200)
      for (let index = 0; index < 200; index += 1) {
        await act(async () => {
          transport.emit('status', { ...servingStatus(2_000 + index), revision: 10 + index })
          transport.emit('generate.token', { generationId: 'g1', text: 'x' })
          transport.emit('log', { lines: lines.slice(index, index + 1) })
          await vi.advanceTimersByTimeAsync(5)
        })
      }
      expect(countRenders() - before).toBeLessThanOrEqual(10)
      expect(countRenders() - before).toBeGreaterThan(0)
    },
  )
})

describe('the first run', () => {
  const nothingChosen = { ...SETTINGS, network: null }

  it('shows the welcome page whatever the address says, and the pages once a network is chosen', async () => {
    const { transport } = await open({ status: firstRunStatus(1), settings: nothingChosen, hash: '#/peers' })
    expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('Lend a branch of this computer')
    expect(screen.queryByRole('navigation')).toBeNull()
    await act(async () => transport.emit('settings', SETTINGS))
    expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('Peers')
  })

  it('is over for a node that its command line has put into a network without a coordinator', async () => {
    const status = { ...servingStatus(1), coordinatorUrl: null, profile: 'petals' }
    await open({ status, settings: nothingChosen })
    expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('Serving blocks 4–7')
    expect(screen.getByRole('navigation')).toBeTruthy()
  })

  it('offers nothing to a link that only looks', async () => {
    await open({ status: firstRunStatus(1), settings: nothingChosen, connection: READ_ONLY })
    expect(screen.queryByRole('button')).toBeNull()
    expect(screen.getByText(/this link cannot do it/)).toBeTruthy()
  })

  it('is not guessed: without settings neither the welcome page nor another one shows', async () => {
    const transport = createPlayedTransport()
    const stores = createAppStores(createBridgeClient(transport), systemClock)
    render(<App stores={stores} clock={systemClock} />)
    await act(async () => {
      transport.connect(OPEN)
      await transport.lastCall('status.get').answer(ok(servingStatus(1)))
    })
    expect(screen.getAllByRole('heading').map(({ textContent }) => textContent)).toEqual(['Reading the node’s state'])
  })
})

it('C-40: the demo’s watermark stands on every page', async () => {
  await open({ status: demoStatus(1) })
  for (const hash of ['#/overview', '#/shards', '#/peers', '#/peers/path', '#/try', '#/diagnostics', '#/settings']) {
    await act(async () => {
      window.location.hash = hash
      window.dispatchEvent(new Event('hashchange'))
    })
    expect(screen.getByText(/This node can’t leave this computer/)).toBeTruthy()
  }
})

it('H-30: walking to another page moves the focus to its heading', async () => {
  await open({ status: servingStatus(1) })
  await act(async () => {
    window.location.hash = '#/shards'
    window.dispatchEvent(new Event('hashchange'))
  })
  expect(document.activeElement).toBe(screen.getByRole('heading', { level: 1, name: 'Shards' }))
})
