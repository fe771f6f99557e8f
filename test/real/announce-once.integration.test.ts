import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BootstrapPeer, startBootstrapPeer } from '../../src-coordinator/bootstrap-peer'
import { openGovernor } from '../../src-main/announce/governor'
import { PROFILES } from '../../src-main/network/profiles'
import { createEventLog } from '../../src-main/storage/event-log'
import { systemClock } from '../../src-shared/clock'
import { announceOnce } from './announce-once'

// What `npm run test:real` does with a network of others, done here with one on loopback.

let directory: string
let bootstrap: BootstrapPeer
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'espalier-real-'))
  bootstrap = await startBootstrapPeer({
    identityFile: join(directory, 'bootstrap.key'),
    port: 0,
    profile: PROFILES.local,
    clock: systemClock,
    log: createEventLog(systemClock, null),
  })
})
afterAll(async () => {
  await bootstrap?.close()
  rmSync(directory, { recursive: true, force: true })
})

const governorOf = () =>
  openGovernor({ clock: systemClock, file: null, onTrouble: (error) => expect.unreachable(String(error)) })

describe('M-30: the opt-in suite for a real network', () => {
  it('M-30: announces once, is read back, and leaves a tombstone; what comes too soon after is held back', async () => {
    const options = { bootstraps: bootstrap.addresses(), governor: await governorOf(), clock: systemClock }
    const first = await announceOnce({ ...options, profile: PROFILES.local })
    expect(first).toMatchObject({
      report: { state: 'joining', error: null, readBack: { found: 1, asked: 1, by: bootstrap.peerId } },
      heldBackUntil: null,
      stateAfter: 'offline',
    })
    const second = await announceOnce({ ...options, profile: PROFILES.local })
    expect(second).toMatchObject({ report: null, stateAfter: null })
    expect(second.heldBackUntil).toBeGreaterThan(Date.now())
  })

  it('M-30: announces no model of its own where a public map would show it', async () => {
    const { mapUrl: _, ...rest } = PROFILES.local
    // The model that the test before has left in the index is not one of a public network.
    const profile = { ...rest, guardsModelEntry: true, allowsNullRepository: false }
    await expect(
      announceOnce({ profile, bootstraps: bootstrap.addresses(), governor: await governorOf(), clock: systemClock }),
    ).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  })

  it('M-30: is skipped as long as nobody names a network', () => {
    const { ESPALIER_REAL_BOOTSTRAPS: _, ...env } = process.env
    const vitest = join('node_modules', 'vitest', 'vitest.mjs')
    const { status, stdout } = spawnSync(process.execPath, [vitest, 'run', '--project', 'real', '--reporter=json'], {
      env,
      encoding: 'utf8',
    })
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ numTotalTests: 1, numPendingTests: 1, numPassedTests: 0 })
  })
})
