// @vitest-environment happy-dom
import { cleanup, render, screen, within } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'
import { servingStatus, stoppedStatus } from '../../e2e/support/status-fixtures'
import { LOOK_NAMES, type OthersSee } from '../../src-shared/status'
import { say, speak } from '../words'
import { OthersSeePanel } from './others-see'

afterEach(cleanup)

const AT = 1_000
const seen = (failing: string | null): OthersSee => ({
  at: AT,
  steps: LOOK_NAMES.map((name) =>
    name === failing
      ? { name, state: 'fail', by: [], value: 'map shows blocks 0 to 3, you serve 4 to 7' }
      : { name, state: 'pass', by: ['12D3KooWBootstrap'], value: '' },
  ),
})

describe('as others see you', () => {
  it.each(LOOK_NAMES)('M-17: names %s, and only that, when that step fails', (name) => {
    render(<OthersSeePanel status={{ ...servingStatus(AT), othersSee: seen(name) }} />)
    const items = screen.getAllByRole('listitem')
    expect(items).toHaveLength(LOOK_NAMES.length)
    const failed = items.filter((item) => item.className === 'is-fail')
    expect(failed).toHaveLength(1)
    expect(within(failed[0]!).getByRole('heading').textContent).toBe(say.LOOKS[name])
    expect(failed[0]!.textContent).toContain('you serve 4 to 7')
  })

  it('M-22, O-20: shows the routing table and the map’s budget where there are any', () => {
    const map = { url: 'https://map.example', state: 'present', text: 'the map shows this node', at: AT } as const
    const status = { ...servingStatus(AT), routingTable: { peers: 31, changedAt: AT } }
    render(<OthersSeePanel status={{ ...status, map: { ...map, asked: 12, budget: 60, bootstraps: [] } }} />)
    expect(screen.getByText(/Peers in the routing table: 31/)).toBeTruthy()
    expect(screen.getByText(/asked 12 of 60 times this hour/)).toBeTruthy()
  })

  it.each([
    ['en', /opened a new connection to this node from 203\.0\.113\.7/, /says that it reaches this node, but/],
    ['de', /Öffnete auf Nachfrage eine neue Verbindung zu diesem Knoten, von 203\.0\.113\.7/, /Das zählt nicht/],
  ] as const)('M-17: shows what peers of other programs did, in %s', async (language, fresh, held) => {
    await speak(language)
    const word = { agent: 'p2pd/0.1', at: AT, found: 4, asked: 4 }
    const foreign: OthersSee['foreign'] = [
      { ...word, peer: '12D3KooWFirst', reach: 'fresh', from: '203.0.113.7' },
      { ...word, peer: '12D3KooWSecond', reach: 'held', from: null },
      { ...word, peer: '12D3KooWThird', found: 0, reach: 'no', from: null },
    ]
    render(<OthersSeePanel status={{ ...servingStatus(AT), othersSee: { ...seen(null), foreign } }} />)
    const [, list] = screen.getAllByRole('list')
    const [first, second, third] = within(list!).getAllByRole('listitem')
    expect(first!.className).toBe('is-pass')
    expect(first!.textContent).toContain('p2pd/0.1')
    expect(first!.textContent).toContain(say.OTHERS_SEE.returned(4, 4))
    expect(first!.textContent).toMatch(fresh)
    expect(second!.className).toBe('is-unknown')
    expect(second!.textContent).toMatch(held)
    expect(third!.className).toBe('is-fail')
    await speak('en')
  })

  it('says why there is nothing to show', () => {
    const { othersSee: _, ...unseen } = servingStatus(AT)
    const { rerender } = render(<OthersSeePanel status={unseen} />)
    expect(screen.getByText(say.OTHERS_SEE.waiting)).toBeTruthy()
    rerender(<OthersSeePanel status={stoppedStatus(AT)} />)
    expect(screen.getByText(say.OTHERS_SEE.stopped)).toBeTruthy()
  })
})
