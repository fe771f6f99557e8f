import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { describe } from 'vitest'
import type { DialectName } from '../../src-coordinator/database/tables'

// The coordinator's tests run on both databases. `npm test` starts a PostgreSQL and names it; a single test file
// can be run on one with: node scripts/postgres.mjs, and its URL in ESPALIER_TEST_POSTGRES.

const SERVER = process.env.ESPALIER_TEST_POSTGRES

/** Runs the same tests on each database; on PostgreSQL only where there is one, and says so. */
export function describeOnEachDatabase(name: string, tests: (dialect: DialectName) => void): void {
  describe(`${name} (SQLite)`, () => tests('sqlite'))
  if (SERVER) describe(`${name} (PostgreSQL)`, () => tests('postgres'))
  else describe.skip(`${name} (PostgreSQL: not here, ESPALIER_TEST_POSTGRES is not set)`, () => tests('postgres'))
}

export interface TestDatabase {
  url: string
  drop(): Promise<void>
}

/** An empty database of its own on the tests' server. */
export async function createTestDatabase(): Promise<TestDatabase> {
  if (!SERVER) throw new Error('ESPALIER_TEST_POSTGRES is not set')
  const name = `espalier_${randomUUID().replaceAll('-', '')}`
  await onServer(`CREATE DATABASE ${name}`)
  const url = new URL(SERVER)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) }
}

async function onServer(statement: string): Promise<void> {
  const client = new Client({ connectionString: SERVER })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
