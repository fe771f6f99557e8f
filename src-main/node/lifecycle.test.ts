import { describe, expect, it } from 'vitest'
import { createLifecycle, type Scope } from './lifecycle'

function setUp(start: (scope: Scope) => Promise<void>) {
  const phases: string[] = []
  const errors: unknown[] = []
  const lifecycle = createLifecycle({
    onPhase: (phase) => phases.push(phase),
    start,
    onReleaseError: (error) => errors.push(error),
  })
  return { lifecycle, phases, errors }
}

describe('lifecycle (H-01, H-33)', () => {
  it('starts once, however often it is asked', async () => {
    let starts = 0
    const { lifecycle, phases } = setUp(async () => {
      starts++
    })
    await Promise.all([lifecycle.start(), lifecycle.start()])
    await lifecycle.start()
    expect(starts).toBe(1)
    expect(phases).toEqual(['starting', 'running'])
  })

  it('releases everything in reverse order, once, and survives a release that fails', async () => {
    const released: string[] = []
    const { lifecycle, phases, errors } = setUp(async (scope) => {
      scope.add(() => void released.push('first'))
      scope.add(() => {
        throw new Error('stuck')
      })
      scope.add(async () => void released.push('last'))
    })
    await lifecycle.start()
    await Promise.all([lifecycle.stop(), lifecycle.stop()])
    await lifecycle.stop()
    expect(released).toEqual(['last', 'first'])
    expect(errors).toHaveLength(1)
    expect(phases).toEqual(['starting', 'running', 'stopping', 'stopped'])
  })

  it('releases what a failed start had acquired, and can start again', async () => {
    let attempt = 0
    const released: number[] = []
    const { lifecycle } = setUp(async (scope) => {
      const mine = ++attempt
      scope.add(() => void released.push(mine))
      if (mine === 1) throw new Error('no port')
    })
    await expect(lifecycle.start()).rejects.toThrow('no port')
    expect(lifecycle.phase).toBe('stopped')
    await lifecycle.start()
    expect(released).toEqual([1])
    expect(lifecycle.phase).toBe('running')
  })

  it('stop during start cancels the start and ends stopped', async () => {
    const { lifecycle, phases } = setUp(
      (scope) =>
        new Promise((_, reject) => {
          scope.signal.addEventListener('abort', () => reject(scope.signal.reason))
        }),
    )
    const starting = lifecycle.start().catch((error: unknown) => error)
    await lifecycle.stop()
    expect(await starting).toBeInstanceOf(Error)
    expect(lifecycle.phase).toBe('stopped')
    expect(phases.filter((phase) => phase === 'stopped')).toHaveLength(1)
  })

  it('what is added after the end is released at once', async () => {
    let kept: Scope | null = null
    const { lifecycle } = setUp(async (scope) => {
      kept = scope
    })
    await lifecycle.start()
    await lifecycle.stop()
    let isReleased = false
    const late = kept as Scope | null
    late?.add(() => {
      isReleased = true
    })
    expect(isReleased).toBe(true)
  })

  it('a start in the same breath as a stop starts again', async () => {
    const { lifecycle, phases } = setUp(async () => undefined)
    await lifecycle.start()
    await Promise.all([lifecycle.stop(), lifecycle.start()])
    expect(phases).toEqual(['starting', 'running', 'stopping', 'stopped', 'starting', 'running'])
  })

  it('a stop that is asked for while a start waits for an earlier stop still wins', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const { lifecycle, phases } = setUp(async (scope) => scope.add(() => promise))
    await lifecycle.start()
    const first = lifecycle.stop()
    const starting = lifecycle.start().catch((error: unknown) => error)
    const second = lifecycle.stop()
    resolve()
    await Promise.all([first, second])
    expect(await starting).toMatchObject({ code: 'CANCELLED' })
    expect(phases.at(-1)).toBe('stopped')
    expect(phases.filter((phase) => phase === 'starting')).toHaveLength(1)
  })
})
