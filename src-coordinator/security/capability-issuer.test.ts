import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseToken } from '../../src-main/membership/capability-token'
import { FakeClock } from '../../test/fake-clock'
import { openCoordinatorDatabase } from '../database/open-database'
import type { CoordinatorDatabase, Standing } from '../database/tables'
import type { StandingEntry } from '../roster-entries'
import { type CapabilityIssuer, createCapabilityIssuer } from './capability-issuer'
import { type Issuer, openIssuer } from './issuer'

const HOUR_MS = 3_600_000

let database: CoordinatorDatabase
let clock: FakeClock
let issuer: Issuer
let capabilities: CapabilityIssuer

const open = (models: readonly string[] = ['pear']) =>
  createCapabilityIssuer({ db: database.queries, issuer, clock, models, membersOnly: true })

beforeEach(async () => {
  database = await openCoordinatorDatabase(':memory:')
  clock = new FakeClock()
  issuer = await openIssuer(database.queries, clock.now())
  capabilities = open()
})
afterEach(() => database.close())

function entry(id: string, end: number, standing: Standing = 'approved'): StandingEntry {
  return {
    worker: { worker_id: id, standing, is_live: 1, last_seq: null, assignment_note: '' },
    assignment: { model_name: 'pear', start_block: 0, end_block: end, reason: '' },
    decision: null,
  }
}

async function grant(id: string, end = 4, signer = `peer of ${id}`) {
  const granted = await capabilities.grantFor(entry(id, end), signer)
  const claims = parseToken(granted?.token ?? '')?.claims
  return { jti: claims?.jti ?? '', scope: claims?.scope, sub: claims?.sub, revoked: granted?.revoked }
}

async function addWorker(id: string, standing: Standing): Promise<void> {
  await database.queries
    .insertInto('workers')
    .values({
      ...{ worker_id: id, nickname: id, hardware_type: 'cpu', device_name: 'd', vram_gb: 0, requested_layers: null },
      ...{ peer_id: null, multiaddrs: '[]', standing, is_live: 1, reported_status: '', last_seq: null },
      ...{ tokens_served: 0, registered_at: 0, last_seen_at: 0, memory_bytes: null, block_steps_per_s: null },
      last_decision_id: null,
    })
    .execute()
}

describe('H-19: a capability token', () => {
  it('is for the blocks that its bearer has now; the one for others is taken back', async () => {
    const first = await grant('a', 4)
    const second = await grant('a', 8)
    expect([first.scope, second.scope]).toEqual(['ask:pear serve:pear:0-4', 'ask:pear serve:pear:0-8'])
    expect(second.revoked).toEqual([first.jti])
    // The blocks of the first once more: what was taken back is not given again.
    const third = await grant('a', 4)
    expect(third.jti).not.toBe(first.jti)
    expect(third.revoked?.toSorted()).toEqual([first.jti, second.jti].sort())
  })

  it('is for the peer that asks, and another’s for the same worker is taken back', async () => {
    const first = await grant('a', 4, 'peer 1')
    const second = await grant('a', 4, 'peer 2')
    expect([first.sub, second.sub]).toEqual(['peer 1', 'peer 2'])
    expect(second.revoked).toEqual([first.jti])
  })

  it('names as many models as its scope has room for', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `model-${index}-${'x'.repeat(40)}`)
    capabilities = open(names)
    const { scope = '' } = await grant('a')
    expect(scope.length).toBeLessThanOrEqual(1_000)
    expect(scope.length).toBeGreaterThan(900)
    expect(scope).toContain('serve:pear:0-4')
  })

  it('that another coordinator took back is known here a second later', async () => {
    const { jti } = await grant('a')
    expect(await capabilities.authority()).toMatchObject({ revoked: new Set() })
    await open().revoke(jti)
    await clock.advance(1_000)
    expect(await capabilities.authority()).toMatchObject({ revoked: new Set([jti]) })
  })

  it('says when it is revoked whether it was good until then', async () => {
    const { jti } = await grant('a')
    expect(await capabilities.revoke(jti)).toEqual({ worker_id: 'a', isInForce: true })
    expect(await capabilities.revoke(jti)).toEqual({ worker_id: 'a', isInForce: false })
    const late = await grant('b')
    await clock.advance(HOUR_MS)
    expect(await capabilities.revoke(late.jti)).toEqual({ worker_id: 'b', isInForce: false })
  })

  it('is listed until it runs out, and forgotten an hour after that', async () => {
    await addWorker('a', 'approved')
    await grant('a')
    const stored = () => database.queries.selectFrom('capability_tokens').select('jti').execute()
    expect(await capabilities.list()).toHaveLength(1)
    await clock.advance(HOUR_MS)
    expect(await capabilities.list()).toEqual([])
    await capabilities.sweep()
    expect(await stored()).toHaveLength(1)
    await clock.advance(HOUR_MS + 1)
    await capabilities.sweep()
    expect(await stored()).toEqual([])
  })

  it('of a worker that is not approved any more, or not there, is taken back by the sweep', async () => {
    for (const [id, standing] of [
      ['stays', 'approved'],
      ['rejected', 'rejected'],
    ] as const)
      await addWorker(id, standing)
    const [stays, rejected, gone] = [await grant('stays'), await grant('rejected'), await grant('gone')]
    await capabilities.sweep()
    const { revoked } = await capabilities.authority()
    expect([...revoked].sort()).toEqual([rejected.jti, gone.jti].sort())
    expect(revoked.has(stays.jti)).toBe(false)
  })
})
