import { afterEach, beforeEach, expect, it } from 'vitest'
import { openCoordinatorDatabase } from '../database/open-database'
import type { CoordinatorDatabase } from '../database/tables'
import { openAdminAccess } from './admin-token'

let database: CoordinatorDatabase
beforeEach(async () => {
  database = await openCoordinatorDatabase(':memory:')
})
afterEach(() => database.close())

const open = (given?: string) => openAdminAccess(database.queries, { given, legacyFile: '/nowhere/admin-token' })

it('X-14: a token from outside has at least 32 characters, counts for this start and is not kept', async () => {
  await expect(open('x'.repeat(31))).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  const given = 'x'.repeat(32)
  const { requireAdmin } = await open(given)
  requireAdmin({ headers: { authorization: `Bearer ${given}` } })
  const made = await open()
  expect(made.token).toMatch(/^[\w-]{32}$/)
  expect(() => made.requireAdmin({ headers: { authorization: `Bearer ${given}` } })).toThrow(
    expect.objectContaining({ code: 'COORDINATOR_ADMIN_ONLY' }),
  )
  made.requireAdmin({ headers: { authorization: `Bearer ${made.token}` } })
  // The next start knows the hash, and nobody the token.
  expect((await open()).token).toBeNull()
})
