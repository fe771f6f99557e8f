import { expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { noFacts } from './facts'
import { openServedCounts } from './served-counts'
import { createServingFacts } from './serving-facts'

const ME = 'me'

async function rig() {
  const clock = new FakeClock()
  const counts = await openServedCounts({
    store: { load: async () => null, save: async () => undefined },
    isDemo: false,
    clock,
    onChange: () => undefined,
    onTrouble: () => undefined,
  })
  const facts = { ...noFacts(), peerId: ME }
  const told: string[] = []
  const state = { open: 0 }
  const events = createServingFacts({
    ...{ facts, counts, clock },
    sessions: () => state.open,
    onSessions: (active) => void told.push(`sessions ${active}`),
    report: { tokens: (count) => void told.push(`tokens ${count}`), request: () => void told.push('request') },
    onServedFor: (peer) => void told.push(`for ${peer}`),
    onChange: () => void told.push('change'),
  })
  return { clock, events, facts, told, state }
}

it('S-06: the last load level is reached by another peer’s tokens, never by our own, and said once', async () => {
  const { events, facts, told } = await rig()
  facts.loadLevel = 'L6'
  events.onServed(ME, 3)
  expect(facts.loadLevel).toBe('L6')
  expect(facts.served.tokens).toBe(0)
  expect(told).toEqual([])
  events.onServed('another', 2)
  events.onServed('another', 2)
  expect(facts.loadLevel).toBe('L7')
  expect(facts.served.tokens).toBe(4)
  expect(told).toEqual(['tokens 2', 'for another', 'change', 'tokens 2', 'for another'])
})

it('C-07: requests and tokens of others are counted here and at the host, our own nowhere', async () => {
  const { events, facts, told } = await rig()
  events.onRequest(ME)
  expect(told).toEqual([])
  events.onRequest('another')
  expect(facts.served.requests).toBe(1)
  expect(told).toEqual(['request'])
})

it('the number of open sessions is a fact, and whoever drains hears of it', async () => {
  const { events, facts, told, state } = await rig()
  state.open = 2
  events.onSessions()
  expect(facts.activeSessions).toBe(2)
  expect(told).toEqual(['sessions 2', 'change'])
})

it('what others hold against this node is kept with their name and the time, the newest eight', async () => {
  const { clock, events, facts, told } = await rig()
  for (let at = 0; at < 9; at++) {
    events.onNotice({ code: 'ENGINE_DECODE_FAILED', cause: `answer ${at}` }, 'b')
    await clock.advance(1_000)
  }
  expect(facts.notices.map(({ cause }) => cause)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((at) => `answer ${at}`))
  expect(facts.notices[1]).toMatchObject({ by: 'b', at: (facts.notices[0]?.at ?? 0) + 1_000 })
  expect(told).toHaveLength(9)
})
