import { describe, expect, it } from 'vitest'
import { EspalierError } from '../../../src-shared/errors'
import { FakeClock } from '../../../test/fake-clock'
import { RouteError } from '../route-error'
import { createBlame } from './blame'
import { gapError, isMovable, refusedByAll } from './movable'
import { SILENT_AFTER_MS, watchSilence } from './silence'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
const lost = (peer: string, toldBy?: string) => new RouteError('STAGE_LOST', 'gone', peer, { toldBy })
const tooLong = (peer: string) => new RouteError('PROMPT_TOO_LONG', 'so it says', peer)

function blaming(silent: readonly string[] = []) {
  const marks: string[] = []
  const blame = createBlame(
    new FakeClock(),
    (peer) => (silent.includes(peer) ? Promise.reject(new Error('silent')) : Promise.resolve()),
    (peer, _, weight) => void marks.push(`${peer} ${weight}`),
  )
  return { blame, marks }
}

describe('what a loss means for whom', () => {
  it('what we saw counts in full; what a neighbour says does where we find the same, else half for each', async () => {
    const { blame, marks } = blaming(['b'])
    blame.lost(lost('a'))
    blame.lost(lost('b', 'x'))
    blame.lost(lost('c', 'y'))
    await turn()
    expect(marks).toEqual(['a 1', 'b 1', 'c 0.5', 'y 0.5'])
  })

  it('whoever was accused and did its work after all leaves the other half to its accuser, once', async () => {
    const { blame, marks } = blaming()
    blame.lost(lost('c', 'y'))
    await turn()
    blame.arrived(['c', 'z'])
    expect(marks).toEqual(['c 0.5', 'y 0.5', 'y 0.5'])
    blame.arrived(['c', 'z'])
    expect(marks).toHaveLength(3)
  })

  it('a refusal counts once others have taken the request, and not against one of them', () => {
    const { blame, marks } = blaming()
    blame.lost(tooLong('a'))
    blame.lost(tooLong('b'))
    expect(marks).toEqual([])
    blame.arrived(['b', 'c'])
    expect(marks).toEqual(['a 1'])
    blame.arrived(['c'])
    expect(marks).toEqual(['a 1'])
  })

  it('each doubt is tried once the other way round, unless it was confirmed or its accuser is left too', async () => {
    const { blame } = blaming(['b'])
    blame.lost(lost('a', 'x'))
    blame.lost(lost('b', 'y'))
    blame.lost(lost('c', 'z'))
    expect(await blame.nextDoubt(new Set(['z']))).toMatchObject({ accused: 'a', accuser: 'x' })
    expect(await blame.nextDoubt(new Set(['z']))).toBeNull()
  })
})

describe('what the asker is told', () => {
  it('nodes that are busy are not gone', () => {
    const gap = new EspalierError('CHAIN_INCOMPLETE', 'blocks 4, 5')
    expect(gapError(gap, new EspalierError('SESSION_LIMIT')).code).toBe('NODES_BUSY')
    expect(gapError(gap, lost('a')).code).toBe('CHAIN_INCOMPLETE')
    expect(gapError(new Error('x'), lost('a')).code).toBe('STAGE_LOST')
  })

  it('only what all that were reached say of the request is true of it', () => {
    expect(refusedByAll([lost('a'), tooLong('b'), tooLong('c')])?.code).toBe('PROMPT_TOO_LONG')
    expect(refusedByAll([tooLong('b'), new RouteError('TOKEN_EXPIRED', 'x', 'c')])).toBeNull()
    expect(refusedByAll([lost('a')])).toBeNull()
  })

  it('nobody else is tried for what an honest node would refuse as well', () => {
    for (const code of ['PROMPT_TOO_LONG', 'TOKEN_EXPIRED', 'CANCELLED', 'BAD_ARGUMENT'] as const)
      expect(isMovable(code)).toBe(false)
    for (const code of ['STAGE_LOST', 'SESSION_LIMIT', 'TIMED_OUT'] as const) expect(isMovable(code)).toBe(true)
  })
})

it('a peer that was silent while an answer came all the same is not lost', async () => {
  const clock = new FakeClock()
  const given: RouteError[] = []
  let since = clock.now()
  let silence: (error: Error) => void = () => undefined
  const stop = watchSilence({
    clock,
    check: () => new Promise((_, reject) => (silence = reject)),
    waitingSince: () => since,
    peers: () => ['a'],
    session: () => '',
    onAlive: () => undefined,
    onLost: (error) => void given.push(error),
  })
  await clock.advance(SILENT_AFTER_MS + 500)
  since = clock.now()
  silence(new Error('silent'))
  await clock.advance(100)
  expect(given).toEqual([])
  await clock.advance(SILENT_AFTER_MS + 500)
  silence(new Error('silent'))
  await clock.advance(100)
  expect(given).toMatchObject([{ code: 'STAGE_LOST', peer: 'a' }])
  stop()
})
