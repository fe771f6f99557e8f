import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src-shared/clock'
import type { NodeStatus } from '../../../src-shared/status'
import { type LiveNetwork, SAMPLE_MODEL, startLiveNetwork } from '../../../test/live-network'
import { workerIdOf } from '../../coordinator/worker-id'
import { type OwnedChild, startChild } from '../../process/owned-child'
import { openDataDirectory } from '../../storage/data-directory'
import { createEventLog } from '../../storage/event-log'
import { type App, createApp } from '../app'
import { type BuiltApp, buildApp } from '../testing/built-app'

let built: BuiltApp
let network: LiveNetwork
let app: App
let root: string
const engines: OwnedChild[] = []

beforeAll(async () => {
  built = await buildApp()
  network = await startLiveNetwork({ approves: false })
  root = await mkdtemp(join(tmpdir(), 'espalier-owner-'))
  app = await createApp({
    clock: systemClock,
    log: createEventLog(systemClock, null),
    data: await openDataDirectory(root),
    paths: built.paths,
    spawnEngine() {
      const engine = startChild({ script: built.paths.engineChild, ipc: 'pipe' })
      engines.push(engine)
      return engine
    },
    overrides: { listenPort: 0, threads: 1, contextTokens: 256, modelPath: SAMPLE_MODEL, apiAccess: 'off' },
  })
})
afterAll(async () => {
  await app?.dispose()
  await network?.close()
  await built?.remove()
  if (root) await rm(root, { recursive: true, force: true })
})

const until = (what: string, holds: (status: NodeStatus) => boolean) =>
  expect.poll(() => holds(app.status()), { timeout: 60_000, interval: 50, message: what }).toBe(true)

async function host(path: string, init: RequestInit = {}) {
  const { url, adminToken } = network.coordinator
  const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' }
  const answer = await fetch(`${url}${path}`, { ...init, headers })
  expect(answer.ok, `${path}: ${answer.status}`).toBe(true)
  return answer.json()
}

describe('an invite that was opened as a link, and a node that rests', () => {
  it('waits for an answer, joins only after it, and the host approved it by inviting', async () => {
    const { link } = await host('/invites', { method: 'POST', body: '{"label":"for Ada"}' })
    expect(() => app.offerInvite('espalier://invite?url=javascript:alert(1)')).toThrow()
    expect(app.view().invite).toBeNull()
    app.offerInvite(link)
    expect(app.view().invite).toMatchObject({ coordinatorUrl: network.coordinator.url })
    expect(JSON.stringify(app.view())).not.toContain(new URL(link).searchParams.get('invite') ?? link)
    expect(app.settings().network).toBeNull()

    await app.handlers['app.answerInvite']({ accept: false })
    expect(app.view().invite).toBeNull()
    expect(app.settings().network).toBeNull()

    app.offerInvite(link)
    await app.handlers['app.answerInvite']({ accept: true })
    await until('loaded', ({ loadLevel }) => loadLevel === 'L6')
    expect(app.settings().network).toMatchObject({ url: network.coordinator.url })
  })

  it('D-T34: rests within seconds and frees its memory, keeps its place, and comes back without asking the host', async () => {
    const { peerId } = app.status()
    const standing = async () => {
      const { workers } = await network.coordinator.snapshot()
      const found = workers.find(({ worker_id }) => worker_id === workerIdOf(peerId ?? ''))
      return found && { standing: found.x_standing, decision: found.x_decision }
    }
    const before = await standing()
    expect(before).toMatchObject({ standing: 'approved', decision: { reason: expect.stringContaining('Invited') } })
    const startedAt = performance.now()
    await app.handlers['settings.save']({ quietHours: { fromMinute: 0, toMinute: 24 * 60 - 1 } })
    await until('resting', ({ headline }) => headline === 'Resting')
    expect(app.view().pausedFor).toEqual(['quiet-hours'])
    expect(app.status()).toMatchObject({ phase: 'stopped', shape: 'waiting' })
    // The bound of the row is for a machine of its own; the engine's end is what frees the memory.
    expect(performance.now() - startedAt).toBeLessThan(30_000)
    await Promise.all(engines.map(({ exited }) => exited))
    expect(await standing()).toEqual(before)
    expect(app.settings().startsRunning).toBe(true)

    // Its owner starts it in spite of the hour.
    await app.handlers['node.start']({})
    await until('loaded again', ({ loadLevel }) => loadLevel === 'L6')
    expect(await standing()).toEqual(before)
    await new Promise((resolve) => setTimeout(resolve, 5_000))
    expect(app.status().phase).toBe('running')
    await app.handlers['node.stop']({})
    expect(app.status().headline).toBe('Stopped')
  })
})
