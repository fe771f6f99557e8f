import fastify from 'fastify'
import { expect, it } from 'vitest'
import { replyWithErrors } from './http-guards'

it('a full disk is named, and other troubles are not told to strangers', async () => {
  const app = fastify()
  const logged: unknown[] = []
  replyWithErrors(app, (error) => logged.push(error))
  let code = ''
  app.get('/', () => {
    throw Object.assign(new Error('/home/ada/coordinator.sqlite'), { code })
  })
  const ask = async (next: string) => {
    code = next
    const answer = await app.inject('/')
    return [answer.statusCode, answer.json().error.code, answer.body.includes('/home')]
  }
  for (const full of ['SQLITE_FULL', 'ENOSPC', '53100'])
    expect(await ask(full), full).toEqual([507, 'COORDINATOR_DISK_FULL', false])
  expect(await ask('SQLITE_READONLY')).toEqual([500, 'INTERNAL', false])
  expect(logged).toHaveLength(4)
})
