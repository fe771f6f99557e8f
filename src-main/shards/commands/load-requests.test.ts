import { expect, it } from 'vitest'
import { FakeClock } from '../../../test/fake-clock'
import { createLoadRequests } from './load-requests'

const ROOT = 'ab'.repeat(32)

function setUp() {
  const state = { isLoaded: false, loads: 0, cancels: 0, unknown: 0 }
  const requests = createLoadRequests({
    node: {
      target: () => ({ root: ROOT, range: { start: 2, end: 5 } }),
      isLoaded: () => state.isLoaded,
      fetching: () => null,
      load: () => void state.loads++,
      cancel: () => void state.cancels++,
      onUnknownBlocks: () => void state.unknown++,
    },
    isIssuer: (peer) => peer.startsWith('issuer'),
    clock: new FakeClock(),
  })
  const load = (change: { id?: string; peer?: string; root?: string; start?: number; end?: number } = {}) => {
    const { id = 'request-1', peer = 'issuer', root = ROOT, start = 2, end = 5 } = change
    return requests.load({ id, peer, root, range: { start, end } })
  }
  return { state, requests, load }
}
const refusal = (code: string) => expect.objectContaining({ code })

it('S-13: only an issuer may ask, only for this model, and only for all of these blocks', () => {
  const { state, load, requests } = setUp()
  expect(() => load({ peer: 'stranger' })).toThrow(refusal('COMMAND_NOT_ALLOWED'))
  // A stranger’s word is no reason to ask the coordinator.
  expect(state.unknown).toBe(0)
  expect(() => load({ root: 'cd'.repeat(32) })).toThrow(refusal('MODEL_NOT_SERVED'))
  for (const blocks of [{ start: 1 }, { start: 3 }, { end: 4 }, { end: 6 }])
    expect(() => load(blocks)).toThrow(refusal('SHARD_NOT_ASSIGNED'))
  expect(state).toMatchObject({ loads: 0, unknown: 5 })
  expect(requests.history().lastRefusal).toMatchObject({ code: 'SHARD_NOT_ASSIGNED' })
  expect(load()).toEqual({ status: 'loading' })
  expect(state).toMatchObject({ loads: 1, unknown: 5 })
})

it('S-38: only who asked may take back, and nothing is taken back that is loaded', () => {
  const { state, load, requests } = setUp()
  load()
  for (const [peer, id] of [
    ['issuer 2', 'request-1'],
    ['issuer', 'request-2'],
  ] as const)
    expect(() => requests.cancel(peer, id)).toThrow(refusal('COMMAND_NOT_ALLOWED'))
  expect(state.cancels).toBe(0)
  expect(requests.cancel('issuer', 'request-1')).toEqual({ status: 'accepted' })
  expect(state.cancels).toBe(1)
  state.isLoaded = true
  expect(requests.cancel('issuer', 'request-1')).toEqual({ status: 'already_loaded' })
  expect(state.cancels).toBe(1)
})

it('S-38: of requests without end the last 64 can be taken back', () => {
  const { load, requests } = setUp()
  for (let index = 0; index < 65; index += 1) load({ id: `request ${index}` })
  expect(() => requests.cancel('issuer', 'request 0')).toThrow(refusal('COMMAND_NOT_ALLOWED'))
  expect(requests.cancel('issuer', 'request 1')).toEqual({ status: 'accepted' })
})
