import { beforeEach, describe, expect, it } from 'vitest'
import { EspalierError } from '../src-shared/errors'
import { FakeClock } from '../test/fake-clock'
import { type LoadAnswer, type LoadTelling, tellToLoad } from './load-telling'

const BLOCKS = { root: 'ab'.repeat(32), start: 0, end: 8 }

let clock: FakeClock
let loads: string[]
let cancels: string[]
let onLoad: (attempt: number, signal: AbortSignal) => Promise<LoadAnswer>
let onCancel: () => Promise<{ status: string }>
/** What the host sees, one after the other. */
let seen: string[]

function tell(): LoadTelling {
  const telling = tellToLoad({
    sender: {
      load(_peerId, _blocks, { id, signal }) {
        loads.push(id)
        return onLoad(loads.length, signal)
      },
      cancel(_peerId, id) {
        cancels.push(id)
        return onCancel()
      },
    },
    peerId: 'peer',
    blocks: BLOCKS,
    isAsked: true,
    clock,
    onChange() {
      const { state, attempt, answer = '', trouble } = telling.view
      seen.push([state, attempt, answer, trouble?.code ?? ''].join(' ').trim())
    },
  })
  return telling
}

const refuse = (code: 'SHARD_NOT_ASSIGNED' | 'PEER_UNREACHABLE') => Promise.reject(new EspalierError(code))

beforeEach(() => {
  clock = new FakeClock()
  loads = []
  cancels = []
  seen = []
  onLoad = async () => ({ status: 'loading' })
  onCancel = async () => ({ status: 'accepted' })
})

describe('S-13: LOAD_SHARD to one worker', () => {
  it('is sent again, each time under another id, until it is acknowledged; the host sees each attempt and why', async () => {
    onLoad = async (attempt) =>
      attempt < 3 ? refuse('SHARD_NOT_ASSIGNED') : { status: 'downloading', done: 2, total: 9 }
    const telling = tell()
    await clock.advance(10_000)
    expect(await telling.answered).toEqual({ status: 'downloading', done: 2, total: 9 })
    expect(seen).toEqual(['sending 2  SHARD_NOT_ASSIGNED', 'sending 3  SHARD_NOT_ASSIGNED', 'answered 3 downloading'])
    expect(telling.view).toMatchObject({ done: 2, total: 9, isAsked: true })
    expect(new Set(loads).size).toBe(3)
    expect(clock.pending).toBe(0)
  })

  it('is given up after seven attempts, with the last reason', async () => {
    onLoad = () => refuse('PEER_UNREACHABLE')
    const telling = tell()
    await clock.advance(60_000)
    expect(await telling.answered).toBeNull()
    expect(loads).toHaveLength(7)
    expect(seen.at(-1)).toBe('refused 7  PEER_UNREACHABLE')
  })

  it('is not sent any more once it was stopped', async () => {
    onLoad = () => refuse('PEER_UNREACHABLE')
    const telling = tell()
    await clock.advance(300)
    telling.stop()
    await clock.advance(60_000)
    expect(await telling.answered).toBeNull()
    expect(loads).toHaveLength(2)
  })
})

describe('S-38: LOAD_SHARD is taken back', () => {
  it('under the id of the request that the worker acknowledged', async () => {
    onLoad = async (attempt) => (attempt < 2 ? refuse('SHARD_NOT_ASSIGNED') : { status: 'loading' })
    const telling = tell()
    await clock.advance(1_000)
    expect(await telling.cancel()).toBe('accepted')
    expect(cancels).toEqual([loads[1]])
    expect(seen.slice(-2)).toEqual(['cancelling 2', 'cancelled 2'])
  })

  it('while its answer is on the way: what comes then changes nothing', async () => {
    const { promise, resolve } = Promise.withResolvers<LoadAnswer>()
    onLoad = () => promise
    const telling = tell()
    await clock.advance(0)
    expect(await telling.cancel()).toBe('accepted')
    resolve({ status: 'downloading', done: 1, total: 9 })
    expect(await telling.answered).toBeNull()
    expect(telling.view).toMatchObject({ state: 'cancelled' })
  })

  it('from a worker that has loaded meanwhile: it says so', async () => {
    onCancel = async () => ({ status: 'already_loaded' })
    const telling = tell()
    await clock.advance(0)
    expect(await telling.cancel()).toBe('already_loaded')
    expect(seen.at(-1)).toBe('answered 1 already_loaded')
  })

  it('from one that is not reached: it goes on, and the host is told; one that never said yes has nothing to take back', async () => {
    onCancel = () => Promise.reject(new EspalierError('PEER_UNREACHABLE'))
    const heard = tell()
    await clock.advance(0)
    expect(await heard.cancel()).toBeNull()
    expect(seen.at(-1)).toBe('uncancelled 1  PEER_UNREACHABLE')
    onLoad = () => refuse('PEER_UNREACHABLE')
    const unheard = tell()
    await clock.advance(0)
    expect(await unheard.cancel()).toBe('not begun')
    const sent = loads.length
    await clock.advance(60_000)
    expect(loads).toHaveLength(sent)
    expect(unheard.view.state).toBe('cancelled')
  })
})
