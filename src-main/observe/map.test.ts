import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { type MapPollResult, pollMap } from './map-poll'
import { parseMapState } from './map-state'
import { bootstrapTable, type Intent, judgeMap, MAP_WINDOW_MS } from './map-verdict'

const ME = 'peer-me'
const intent: Intent = {
  peerId: ME,
  publicName: 'oak',
  dhtPrefix: 'm',
  repository: null,
  range: { start: 0, end: 8 },
  since: 0,
}
const LATE = MAP_WINDOW_MS + 1_000

function v1(rows: { peer: string; state?: string; name?: string; end?: number }[], prefix = 'm') {
  return JSON.stringify({
    bootstrap_states: ['online', 'unreachable'],
    model_reports: [
      {
        dht_prefix: prefix,
        name: prefix,
        server_rows: rows.map(({ peer, state = 'online', name = 'oak', end = 8 }) => ({
          peer_id: peer,
          peer_ip_info: 'unknown',
          state,
          span: { peer_id: peer, start: 0, end, server_info: { state: 'online', public_name: name } },
        })),
      },
    ],
  })
}
const verdict = (body: string, now = LATE) => judgeMap(parseMapState(body), intent, now)

describe('the row on the map', () => {
  it.each<[string, string, string]>([
    ['present', v1([{ peer: ME }]), 'present'],
    ['absent', v1([{ peer: 'somebody' }]), 'absent'],
    ['unreachable', v1([{ peer: ME, state: 'unreachable' }]), 'unreachable_row'],
    ['two of the same name', v1([{ peer: 'other', end: 4 }, { peer: ME }]), 'present'],
    ['only a namesake', v1([{ peer: 'other' }]), 'absent'],
    [
      'the newer map',
      JSON.stringify({ peers: [{ peer_id: ME, state: 2, start_block: 0, end_block: 8, public_name: 'oak' }] }),
      'present',
    ],
    ['the newer map, unannounced', JSON.stringify({ peers: [{ peer_id: ME }] }), 'differs'],
  ])('M-18: %s', (_what, body, state) => {
    expect(verdict(body).state).toBe(state)
  })

  it('M-19, O-11: a map that has not come round yet is a countdown, and only then a reason to worry', () => {
    const body = v1([{ peer: 'other', name: 'elm' }])
    expect(verdict(body, 120_000)).toEqual({
      state: 'not_expected_yet',
      text: expect.stringMatching(/^not expected yet.*within 60 s$/),
    })
    expect(verdict(body, 181_000).state).toBe('absent')
  })

  it('M-35: a model that the map does not track is said to be so', () => {
    expect(verdict(v1([], 'another'))).toEqual({ state: 'untracked', text: 'the map does not track this model (m)' })
  })

  it('M-38: an old span is an amber light with both spans', () => {
    expect(verdict(v1([{ peer: ME, end: 4 }]))).toEqual({
      state: 'differs',
      text: 'map shows 0–3, you serve 0–7 (stale, refresh in ≤ 60 s)',
    })
    expect(verdict(v1([{ peer: ME, name: 'elm' }])).state).toBe('differs')
  })

  it('M-21: what we found of each bootstrap stands beside what the map claims', () => {
    const own = [
      { peerId: 'a', isConnected: true },
      { peerId: 'b', isConnected: true },
    ]
    expect(bootstrapTable(own, ['online', 'unreachable'])).toEqual([
      { peerId: 'a', here: 'online', map: 'online', differs: false },
      { peerId: 'b', here: 'online', map: 'unreachable', differs: true },
    ])
    expect(bootstrapTable(own, ['online']).map(({ map }) => map)).toEqual(['unknown', 'unknown'])
  })

  it.each(['', '[]', '{"model_reports":[{}]}', '{"peers":[{"peer_id":1}]}'])('refuses %j', (body) => {
    expect(() => parseMapState(body)).toThrow(expect.objectContaining({ code: 'PROTOCOL_VIOLATION' }))
  })
})

describe('asking the map', () => {
  function asking(answer: (count: number, headers: Headers) => Response) {
    const clock = new FakeClock()
    const times: number[] = []
    const results: MapPollResult[] = []
    const poll = pollMap({
      url: 'http://127.0.0.1:1/',
      clock,
      random: () => 0.5,
      fetch: async (_url, init) => {
        times.push(clock.now())
        return answer(times.length, new Headers(init?.headers))
      },
      onResult: (result) => void results.push(result),
    })
    return { clock, times, results, poll }
  }

  it('O-20, M-18: at most one question a minute, conditional, and the budget is what was asked', async () => {
    const { clock, times, results, poll } = asking((_, headers) =>
      headers.get('if-none-match') === '"1"'
        ? new Response(null, { status: 304 })
        : new Response(v1([{ peer: ME }]), { headers: { etag: '"1"' } }),
    )
    // The body is read in real time.
    for (let minute = 0; minute < 60; minute++) {
      await new Promise((resolve) => setImmediate(resolve))
      await clock.advance(60_000)
    }
    const gaps = times.slice(1).map((at, i) => at - (times[i] ?? 0))
    expect(times.length).toBeGreaterThan(20)
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(60_000)
    expect(results.at(-1)?.map?.rows).toHaveLength(1)
    expect(poll.asked).toBe(times.filter((at) => at > clock.now() - 3_600_000).length)
    poll.stop()
    expect(clock.pending).toBe(0)
  })

  it('M-20: an outage is told as the map’s, and asked about less and less', async () => {
    const { clock, times, results, poll } = asking(() => new Response('', { status: 500 }))
    for (let minute = 0; minute < 60; minute++) {
      await new Promise((resolve) => setImmediate(resolve))
      await clock.advance(60_000)
    }
    expect(results.every(({ map, error }) => map === null && error !== null)).toBe(true)
    expect(times.length).toBeLessThan(9)
    poll.stop()
  })

  it('O-19: a map that has too much is asked at most twice in 15 minutes, and the node is told', async () => {
    const { clock, times, results, poll } = asking(() => new Response('', { status: 503 }))
    const begin = clock.now()
    for (let minute = 0; minute < 40; minute++) {
      await new Promise((resolve) => setImmediate(resolve))
      await clock.advance(60_000)
    }
    for (const at of times)
      expect(times.filter((other) => other >= at && other < at + 15 * 60_000).length).toBeLessThan(3)
    expect(times.length).toBeGreaterThan(1)
    expect(times[0]).toBe(begin)
    expect(results.every(({ overloadMs }) => overloadMs === 0)).toBe(true)
    poll.stop()
  })

  it('a wish to be left alone is kept', async () => {
    const { clock, times, poll } = asking(() => new Response('', { status: 429, headers: { 'retry-after': '3000' } }))
    await new Promise((resolve) => setImmediate(resolve))
    await clock.advance(2_900_000)
    expect(times).toHaveLength(1)
    await clock.advance(200_000)
    expect(times).toHaveLength(2)
    poll.stop()
  })
})
