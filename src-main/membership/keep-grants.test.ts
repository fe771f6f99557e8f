import { expect, it } from 'vitest'
import type { CoordinatorApi } from '../coordinator/coordinator-api'
import { keepGrants } from './keep-grants'

it('H-19: what either answer to a worker grants is kept, and one without takes the token back', async () => {
  const answers = ['first', 'second', undefined]
  const said = async () =>
    ({ value: { capability: answers.shift() } }) as unknown as Awaited<ReturnType<CoordinatorApi['register']>>
  const api = { baseUrl: 'http://127.0.0.1:9', register: said, heartbeat: said } as unknown as CoordinatorApi
  const kept: unknown[] = []
  const keeping = keepGrants(api, { accept: (grant) => void kept.push(grant) })
  const body = {} as Parameters<CoordinatorApi['register']>[0]
  const beat = {} as Parameters<CoordinatorApi['heartbeat']>[0]
  expect((await keeping.register(body)).value).toMatchObject({ capability: 'first' })
  await keeping.heartbeat(beat)
  await keeping.heartbeat(beat)
  expect(kept).toEqual(['first', 'second', undefined])
  expect(keeping.baseUrl).toBe(api.baseUrl)
})
