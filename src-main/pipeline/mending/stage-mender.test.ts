import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../test/fake-clock'
import { createEventLog } from '../../storage/event-log'
import type { Frame, OpenBody } from '../frames'
import { createKeeping } from '../keeping/keeping'
import type { Link, Links } from '../links'
import type { StageRunner } from '../stage-runner'
import { createStageSessions } from '../stage-sessions'

const ID = 'a'.repeat(32)
const ROUTE = [
  { peer: 'before', start: 0, end: 2 },
  { peer: 'me', start: 2, end: 4 },
  { peer: 'after', start: 4, end: 6 },
]
const withPeer = (index: number, peer: string) => ROUTE.map((one, i) => (i === index ? { ...one, peer } : one))

/** The middle one of three stages, in the middle of a session, and all that it says to others. */
async function middleStage(change: Partial<OpenBody> = {}) {
  const clock = new FakeClock()
  const log = createEventLog(clock, null)
  const keeping = createKeeping({ directory: null, log })
  const places = new Set<number>()
  let computed = 0
  const runner: StageRunner = {
    ...{ blocks: { start: 2, end: 4 }, blockCount: 6, embeddingLength: 1, root: 'root' },
    ...{ maxBatchTokens: 16, contextTokens: 64 },
    openSequence() {
      places.add(0)
      return 0
    },
    closeSequence: (sequence) => void places.delete(sequence),
    async run({ rows }) {
      const hidden = 'hidden' in rows ? rows.hidden : new Float32Array(1)
      computed += hidden.length
      return { hidden: hidden.map((value) => value + 1), token: null, logits: null, computeMs: 1 }
    },
  }
  const said: [peer: string, frame: Frame][] = []
  const served: number[] = []
  /** Peers whose streams take nothing more, though they are open. */
  const silent = new Set<string>()
  const link = (peer: string, mends = true): Link => ({
    ...{ peer, mends, closed: false, abort: () => undefined },
    async send(frame) {
      if (silent.has(peer)) await new Promise(() => undefined)
      said.push([peer, frame])
    },
  })
  const links = new Map(['after', 'new', 'entry', 'stranger'].map((peer) => [peer, link(peer)]))
  links.set('old', link('old', false))
  const to = (peer: string): Link => links.get(peer) ?? link(peer)
  const stages = createStageSessions({
    ...{ self: 'me', clock, log, keeping, stage: () => runner },
    links: () => ({ to: async (peer) => to(peer) }) as Pick<Links, 'to'> as Links,
    events: { onServed: (_, rows) => void served.push(rows), onSessions: () => undefined },
  })
  const before = link('before')
  const step = async (position: number, value: number, from = before) => {
    const rest = { wantsAnswer: true, computeMs: [], input: { hidden: Float32Array.of(value) } }
    stages.onStep({ type: 'step', session: ID, position, rows: 1, ...rest }, from)
    await clock.advance(1)
  }
  const body = {
    root: 'root',
    entry: 'entry',
    stage: 1,
    route: ROUTE,
    contextTokens: 16,
    wantsLogits: false,
    exact: true,
  }
  stages.onOpen(ID, { ...body, keeps: true, ...change }, before)
  await clock.advance(1)
  for (const position of [0, 1, 2]) await step(position, 10 * position)
  return {
    ...{ clock, stages, keeping, places, silent, before, to, step, body, served },
    computed: () => computed,
    async mend(route: typeof ROUTE, replaced: number, resumeAt: number, from = to('entry')) {
      stages.onMend(ID, { route, stage: 1, replaced, resumeAt }, from)
      await clock.advance(1)
    },
    /** What was said since the last look, shortened. */
    heard() {
      return said.splice(0).map(([peer, frame]) => {
        if (frame.type === 'step' && 'hidden' in frame.input)
          return `${peer}: ${frame.isKept ? 'cache ' : ''}${frame.position}=${frame.input.hidden.join()}`
        if (frame.type === 'mended')
          return `${peer}: ${frame.body.refusal ?? `at ${frame.body.position}, ${frame.body.rows} again`}`
        if (frame.type === 'part' || frame.type === 'error')
          return `${peer}: ${frame.type} ${frame.body.peer} ${frame.body.code}`
        return `${peer}: ${frame.type}`
      })
    },
  }
}

describe('the stage before a lost one', () => {
  it('tells the entry, computes on, and fills the new one with what it sent and could not send', async () => {
    const { stages, to, heard, step, mend, clock, computed, served } = await middleStage()
    heard()
    stages.onLinkEnd(to('after'), 'gone')
    await clock.advance(1)
    await step(3, 30)
    expect(heard()).toEqual(['before: part after STAGE_LOST'])
    // Row 3 is with nobody yet.
    expect(served).toEqual([1, 1, 1])
    await mend(withPeer(2, 'new'), 2, 2)
    expect(heard()).toEqual(['after: close', 'new: open'])
    stages.onOpened(ID, to('new'))
    await clock.advance(1)
    expect(heard()).toEqual(['new: cache 0=1', 'new: cache 1=11', 'new: 2=21', 'new: 3=31'])
    for (let i = 0; i < 2; i++) stages.onTaken(ID, to('new'))
    await clock.advance(1)
    expect(heard()).toEqual(['entry: at 4, 2 again'])
    await step(4, 40)
    expect(heard()).toEqual(['new: 4=41'])
    // No row counts twice, and the one that waited has gone by now.
    expect(served).toEqual([1, 1, 1, 2])
    expect(computed()).toBe(5)
    stages.stop()
  })

  it('takes on chunks of a prompt meanwhile, more than may be on their way to a neighbour', async () => {
    const { stages, to, heard, clock, before } = await middleStage()
    stages.onLinkEnd(to('after'), 'gone')
    await clock.advance(1)
    heard()
    for (let position = 3; position < 15; position++) {
      const rest = { rows: 1, wantsAnswer: false, computeMs: [], input: { hidden: Float32Array.of(1) } }
      stages.onStep({ type: 'step', session: ID, position, ...rest }, before)
      await clock.advance(1)
    }
    expect(heard()).toEqual(Array(12).fill('before: taken'))
    stages.stop()
  })

  it('does not wait for one that takes nothing more and does not go, nor for such a replacement', async () => {
    const { stages, to, heard, step, mend, clock, silent } = await middleStage()
    heard()
    silent.add('after').add('new')
    await step(3, 30)
    await step(4, 40)
    await mend(withPeer(2, 'new'), 2, 4)
    await mend(withPeer(2, 'newer'), 2, 4)
    const newer = 'newer: open'
    expect(heard()).toEqual([newer])
    // It answers on the stream that was opened to it, which is not the one of a stranger.
    expect(stages.onOpened(ID, to('stranger'))).toBe(false)
    stages.stop()
    expect(clock.pending).toBe(0)
  })

  it('says that it can’t: rows between batches, a replacement that does not know how; and waits on', async () => {
    const { stages, to, heard, mend, clock } = await middleStage()
    stages.onLinkEnd(to('after'), 'gone')
    await clock.advance(1)
    heard()
    await mend(withPeer(2, 'new'), 2, 9)
    expect(heard().at(-1)).toMatch(/entry: .*no batch ends at row 9/)
    await mend(withPeer(2, 'old'), 2, 2)
    expect(heard().at(-1)).toMatch(/entry: .*old does not take one stage over/)
    expect(stages.count).toBe(1)
    stages.stop()
  })

  it('tells of a replacement that refuses, and takes the next one', async () => {
    const { stages, to, heard, mend, clock } = await middleStage()
    stages.onLinkEnd(to('after'), 'gone')
    await clock.advance(1)
    await mend(withPeer(2, 'new'), 2, 2)
    heard()
    const body = { code: 'SESSION_LIMIT' as const, cause: 'full', peer: 'new', start: 4, end: 6 }
    stages.onError(ID, body, to('new'))
    await clock.advance(1)
    expect(heard()).toEqual(['before: part new SESSION_LIMIT'])
    await mend(withPeer(2, 'after'), 2, 2)
    expect(heard()).toContain('after: open')
    stages.stop()
  })
})

describe('the stage after a lost one', () => {
  it('says how far it is, and goes on with the one that the entry named, and with nobody else', async () => {
    const { stages, to, heard, step, mend, clock, before, body } = await middleStage()
    stages.onLinkEnd(before, 'gone')
    await clock.advance(1)
    heard()
    await mend(withPeer(0, 'new'), 0, 0)
    expect(heard()).toEqual(['entry: at 3, 0 again'])
    const opening = { ...body, route: withPeer(0, 'new'), replaces: 0 }
    stages.onOpen(ID, opening, to('stranger'))
    await clock.advance(1)
    await step(3, 30, to('stranger'))
    await step(3, 30, before)
    expect(heard()).toEqual(['stranger: error me SESSION_UNKNOWN'])
    stages.onOpen(ID, opening, to('new'))
    await clock.advance(1)
    await step(3, 30, to('new'))
    expect(heard()).toEqual(['after: 3=31'])
    stages.stop()
  })

  it('waits for a while only, and frees all that the session had', async () => {
    const { stages, clock, before, places, keeping, heard } = await middleStage()
    stages.onLinkEnd(before, 'gone')
    await clock.advance(10_000)
    expect(stages.count).toBe(1)
    heard()
    await clock.advance(16_000)
    expect(stages.count).toBe(0)
    expect(heard()).toContain('after: close')
    expect([places.size, keeping.use.sessions, keeping.use.memoryBytes]).toEqual([0, 0, 0])
    stages.stop()
    expect(clock.pending).toBe(0)
  })

  it('ends at once when the entry closes the session, which no longer comes through the chain', async () => {
    const { stages, clock, before, to, places } = await middleStage()
    stages.onLinkEnd(before, 'gone')
    await clock.advance(1)
    stages.onClose(ID, to('stranger'))
    expect(places.size).toBe(1)
    stages.onClose(ID, to('entry'))
    expect([stages.count, places.size]).toEqual([0, 0])
    stages.stop()
  })
})

describe('who may mend, and what', () => {
  it('is the entry alone, a neighbour alone, and the same blocks', async () => {
    const { stages, to, heard, mend } = await middleStage()
    heard()
    await mend(withPeer(2, 'new'), 2, 2, to('stranger'))
    expect(heard()).toEqual(['stranger: there is no such session'])
    await mend(ROUTE.slice(0, 2), 2, 2)
    await mend(withPeer(0, 'new'), 2, 2)
    await mend(withPeer(1, 'new'), 1, 2)
    await mend(
      withPeer(2, 'new').map((one) => (one.peer === 'new' ? { ...one, start: 5 } : one)),
      2,
      2,
    )
    // It would come twice, and after itself.
    await mend(withPeer(2, 'before'), 2, 2)
    await mend(withPeer(2, 'me'), 2, 2)
    expect(heard()).toEqual(Array(6).fill('entry: another route than that of the session'))
    stages.stop()
  })

  it('is nobody where nothing is kept: such a session ends with its neighbour', async () => {
    const { stages, to, heard, mend, clock, keeping } = await middleStage({ keeps: false })
    expect(keeping.use.sessions).toBe(0)
    heard()
    await mend(withPeer(2, 'new'), 2, 2)
    expect(heard()).toEqual(['entry: nothing was kept of the session'])
    stages.onLinkEnd(to('after'), 'gone')
    await clock.advance(1)
    expect(heard()[0]).toBe('before: error after STAGE_LOST')
    expect(stages.count).toBe(0)
    stages.stop()
  })

  it('rows for a cache alone are refused by a stage that replaces nobody', async () => {
    const { stages, heard, before, clock } = await middleStage()
    heard()
    const input = { hidden: Float32Array.of(1) }
    const rest = { position: 3, rows: 1, wantsAnswer: true, computeMs: [], isKept: true, input }
    stages.onStep({ type: 'step', session: ID, ...rest }, before)
    await clock.advance(1)
    expect(heard()[0]).toBe('before: error before PROTOCOL_VIOLATION')
    stages.stop()
  })
})
