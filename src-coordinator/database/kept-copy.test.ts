import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MIGRATIONS } from './migrations'
import { openCoordinatorDatabase } from './open-database'

let directory: string
let path: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'espalier-copy-'))
  path = join(directory, 'coordinator.sqlite')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

async function setting(name: string): Promise<string | undefined> {
  const database = await openCoordinatorDatabase(path)
  try {
    const row = await database.queries
      .selectFrom('settings')
      .select('value')
      .where('name', '=', name)
      .executeTakeFirst()
    return row?.value
  } finally {
    await database.close()
  }
}

async function keep(name: string, value: string): Promise<void> {
  const database = await openCoordinatorDatabase(path)
  await database.queries.insertInto('settings').values({ name, value }).execute()
  // What is still in the log would mend the file.
  await sql`PRAGMA wal_checkpoint(TRUNCATE)`.execute(database.queries)
  await database.close()
}

describe('D-T33: a damaged database', () => {
  it.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, Math.floor(bytes.length / 2))],
    ['emptied', () => Buffer.alloc(0)],
    ['zeroed', (bytes: Buffer) => Buffer.alloc(bytes.length)],
    ['garbage', (bytes: Buffer) => Buffer.alloc(bytes.length, 7)],
  ])('that is %s is set aside, its copy read, and its host told', async (_, damage) => {
    await keep('target', 'three')
    const damaged = damage(await readFile(path))
    await writeFile(path, damaged)
    const told: string[] = []
    const database = await openCoordinatorDatabase(path, { onTrouble: (what) => void told.push(what) })
    await database.close()
    expect(await setting('target')).toBe('three')
    expect(told).toEqual([expect.stringMatching(/damaged .* approvals, rejections and revocations/)])
    expect(await readFile(`${path}.damaged`)).toEqual(damaged)
  })

  it('without a copy is refused and left as it is', async () => {
    await writeFile(path, Buffer.alloc(8192, 7))
    await expect(openCoordinatorDatabase(path)).rejects.toMatchObject({ code: 'COORDINATOR_STATE_DAMAGED' })
    expect(await readFile(path)).toEqual(Buffer.alloc(8192, 7))
  })
})

describe('H-40: the database over versions', () => {
  it('is brought forward from each of three earlier ones with what it holds, and a copy from before', async () => {
    for (const count of [1, 2, 3]) {
      path = join(directory, `from-${count}.sqlite`)
      const old = await openCoordinatorDatabase(path, { steps: MIGRATIONS.slice(0, count) })
      await sql`INSERT INTO settings (name, value) VALUES ('made-by', ${String(count)})`.execute(old.queries)
      await old.close()
      const copy = await readFile(`${path}.copy`)
      expect(await setting('made-by')).toBe(String(count))
      // The copy of the start is the old schema; the one that the end makes is the new.
      expect((await readFile(`${path}.copy`)).equals(copy)).toBe(false)
    }
  })

  it('is refused by an earlier one, which keeps a copy and changes nothing', async () => {
    await keep('made-by', 'newer')
    const before = await readFile(path)
    const opening = openCoordinatorDatabase(path, { steps: MIGRATIONS.slice(0, 2) })
    await expect(opening).rejects.toMatchObject({
      code: 'COORDINATOR_STATE_NEWER',
      message: expect.stringContaining(`${path}.newer`),
    })
    expect((await readFile(path)).equals(before)).toBe(true)
    path = `${path}.newer`
    expect(await setting('made-by')).toBe('newer')
  })
})
