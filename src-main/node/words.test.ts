import { describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../src-shared/error-catalogue'
import { EspalierError } from '../../src-shared/errors'
import type { Evidence } from '../../src-shared/status'
import { FakeClock } from '../../test/fake-clock'
import { createSteps } from './steps'
import { summarize } from './words'

const evidence = (by: string): Evidence => ({ kind: 'peer', by, at: 1, value: 'dialled back in 3 ms' })
const report = (code: ErrorCode) => new EspalierError(code).report()

/** The words for a node that runs, with every step done but for these. */
function said(change: (steps: ReturnType<typeof createSteps>) => void, blocks = { start: 3, end: 6 }, sessions = 0) {
  const steps = createSteps(new FakeClock(), () => undefined)
  for (const { name } of steps.all()) steps.done(name, [evidence('12D3KooWabcdefgh')])
  change(steps)
  return summarize('running', steps.all(), blocks, sessions)
}

describe('one state in plain words', () => {
  it('what failed counts before what is in doubt, wherever it stands', () => {
    const { headline } = said((steps) => {
      steps.degraded('connect', report('BOOTSTRAP_UNREACHABLE'))
      steps.failed('load', report('ENGINE_LOAD_FAILED'))
    })
    expect(headline).toBe('Loading does not work')
  })

  it('a failure of a node that others see is a doubt; of one that they do not see, a problem', () => {
    const failed = (isVisible: boolean) =>
      said((steps) => {
        steps.failed('announce', report('NOT_STORED'))
        if (!isVisible) steps.working('visible')
      })
    expect(failed(true).shape).toBe('degraded')
    expect(failed(false).shape).toBe('problem')
  })

  it('what the operator wished is no fault', () => {
    const paused = said((steps) => steps.held('fetch', report('FETCH_PAUSED')))
    expect(paused).toMatchObject({ shape: 'waiting', headline: 'Paused by you' })
    expect(said((steps) => steps.held('fetch', report('LOAD_AWAITED'))).headline).toBe('Waiting for the coordinator')
    expect(said((steps) => steps.waiting('approve', undefined))).toMatchObject({
      ...{ shape: 'waiting', headline: 'Waiting for approval' },
    })
  })

  it('a doubt about being seen says so; another one does not hide what is still on its way', () => {
    const doubt = said((steps) => steps.degraded('announce', report('NOT_STORED')))
    expect(doubt.headline).toBe('Nobody can confirm this node now')
    const onItsWay = said((steps) => {
      steps.degraded('connect', report('BOOTSTRAP_UNREACHABLE'))
      steps.working('load')
    })
    expect(onItsWay).toMatchObject({ shape: 'degraded', headline: 'Loading, with a problem' })
    const serving = said((steps) => steps.degraded('approve', report('COORDINATOR_UNREACHABLE')))
    expect(serving.headline).toBe('Serving with a problem')
    expect(said((steps) => steps.failed('approve', report('REGISTRATION_REJECTED'))).headline).toBe('Not approved')
    expect(said((steps) => steps.failed('visible', report('NO_WITNESS'))).headline).toBe(
      'Connected, but not visible yet',
    )
  })

  it('whole percents while it is under way, and never the hundredth', () => {
    const at = (done: number, total: number) =>
      said((steps) => {
        steps.working('fetch')
        steps.progress('fetch', { done, total, unit: 'bytes' })
      }).headline
    expect(at(299, 1000)).toBe('Getting the model’s blocks, 29 %')
    expect(at(1000, 1000)).toBe('Getting the model’s blocks, 99 %')
    expect(at(0, 0)).toBe('Getting the model’s blocks')
    const waiting = said((steps) => {
      steps.progress('fetch', { done: 1, total: 2, unit: 'bytes' })
      steps.held('fetch', report('COORDINATOR_UNREACHABLE'))
    })
    expect(waiting.headline).toBe('Getting the model’s blocks, with a problem')
  })

  it('says which blocks, who has seen them, and how many conversations pass through', () => {
    expect(said(() => undefined, { start: 3, end: 4 }).headline).toBe('Serving block 3')
    expect(said(() => undefined).sentence).toBe('Seen by 12D3…efgh, and dialled back.')
    expect(said(() => undefined, undefined, 1).sentence).toMatch(/ 1 conversation is passing/)
    expect(said(() => undefined, undefined, 2).sentence).toMatch(/ 2 conversations are passing/)
  })

  it('a node that begins or ends says that, whatever its steps say', () => {
    const steps = createSteps(new FakeClock(), () => undefined).all()
    expect(summarize('stopped', steps, null, 0).shape).toBe('stopped')
    expect(summarize('stopping', steps, null, 0).headline).toBe('Stopping')
    expect(summarize('starting', steps, null, 0)).toMatchObject({ shape: 'working', headline: 'Connecting' })
  })
})
