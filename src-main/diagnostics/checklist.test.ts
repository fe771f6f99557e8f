import { chmod, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { servingStatus } from '../../e2e/support/status-fixtures'
import { appViewOf } from '../../e2e/support/view-fixtures'
import { CheckSchema } from '../../src-shared/app-views'
import type { Settings } from '../../src-shared/settings'
import type { NodeStatus } from '../../src-shared/status'
import { FakeClock } from '../../test/fake-clock'
import { loadOrCreateIdentity } from '../network/identity'
import type { RunningNode } from '../node/node'
import { openDataDirectory } from '../storage/data-directory'
import type { DiagnosticsContext } from './check'
import { CHECKS, mendCheck, runDiagnostics } from './diagnostics'
import { addressWords } from './reachability'
import { holdPort } from './testing/held-port'

let root: string
let context: DiagnosticsContext
const clock = new FakeClock()
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'espalier-checklist-'))
  context = {
    ...{ clock, fetch: globalThis.fetch, data: await openDataDirectory(root) },
    ...{ listenPort: 0, coordinatorUrl: null, bootstraps: [], status: null, running: null },
    ...{ modelPath: null, manifestPath: null, listProcesses: async () => [], findStartEntries: async () => [] },
    spawnEngine: () => {
      throw new Error('no engine here')
    },
  }
})
afterEach(() => rm(root, { recursive: true, force: true }))

async function look(id: string, change: Partial<DiagnosticsContext> = {}) {
  const [check] = await runDiagnostics(
    { ...context, ...change },
    CHECKS.filter((one) => one.id === id),
  )
  if (check) expect(CheckSchema.safeParse(check).error).toBeUndefined()
  return check
}

const running = {} as RunningNode
const serving = (change: Partial<NodeStatus> = {}): Partial<DiagnosticsContext> => ({
  running,
  status: { ...servingStatus(clock.now()), ...change },
})

describe('the checklist', () => {
  it('has every check that an operator was promised, each with a name of its own', () => {
    const ids = CHECKS.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toEqual(
      expect.arrayContaining([
        ...['identity', 'clock', 'disk-space', 'port', 'reachability', 'bootstraps', 'coordinator', 'dht-read-back'],
        ...['map-row', 'shard-files', 'device', 'engine', 'engine-probe', 'other-nodes', 'start-entries', 'updates'],
      ]),
    )
  })

  it('what needs somebody has the button of the same blocker, and what passes has none', async () => {
    expect(await look('disk-space')).not.toHaveProperty('fix')
    const file = join(root, 'a-file')
    await loadOrCreateIdentity(file)
    expect(await look('data-directory', { data: { ...context.data, root: file } })).toMatchObject({
      verdict: 'fail',
      fix: 'open-settings',
    })
  })
})

describe('what the app sets right by itself', () => {
  it.skipIf(process.platform === 'win32')(
    'an identity that others can read is closed, and looked at again',
    async () => {
      await loadOrCreateIdentity(context.data.identityFile)
      await chmod(context.data.identityFile, 0o644)
      expect(await look('identity')).toMatchObject({ verdict: 'warn', fix: 'mend' })
      expect(await mendCheck('identity', context)).toMatchObject({ verdict: 'pass' })
      expect((await stat(context.data.identityFile)).mode & 0o777).toBe(0o600)
    },
  )

  it('a port that is taken: the next free one is chosen', async () => {
    const { port: listenPort, release } = await holdPort()
    const saved: Partial<Settings>[] = []
    const saveSettings = async (change: Partial<Settings>) => void saved.push(change)
    expect(await look('port', { listenPort })).not.toHaveProperty('fix')
    expect(await look('port', { listenPort, saveSettings })).toMatchObject({ code: 'PORT_TAKEN', fix: 'mend' })
    await mendCheck('port', { ...context, listenPort, saveSettings })
    expect(saved[0]?.listenPort).toBeGreaterThan(listenPort)
    await release()
  })

  it('nothing else can be asked for', async () => {
    for (const id of ['disk-space', 'nothing', '__proto__']) {
      await expect(mendCheck(id, context)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
    }
  })
})

describe('what a running node knows', () => {
  it('H-41: a graphics card that was expected and does not compute is a warning with its reason', async () => {
    const compute = { kind: 'cpu' as const, name: 'Ryzen 7', missedGpu: 'the Vulkan driver does not start' }
    expect(await look('device', serving({ compute }))).toMatchObject({
      verdict: 'warn',
      code: 'RUNNING_ON_PROCESSOR',
      evidence: expect.stringContaining('driver does not start'),
    })
    expect(await look('device', serving({ compute: { ...compute, missedGpu: null } }))).toMatchObject({
      verdict: 'pass',
    })
    expect(await look('device')).toMatchObject({ verdict: 'unknown' })
  })

  it('the test pass and the dial-back pass on somebody’s evidence only', async () => {
    expect(await look('engine-probe', serving())).toMatchObject({ verdict: 'pass' })
    expect(await look('reachability', serving())).toMatchObject({ verdict: 'pass' })
    const bare = servingStatus(clock.now()).steps.map((step) => ({ ...step, state: 'working' as const, evidence: [] }))
    expect(await look('engine-probe', serving({ steps: bare }))).toMatchObject({ verdict: 'unknown' })
    expect(await look('reachability', serving({ steps: bare }))).toMatchObject({ verdict: 'unknown' })
    const refused = bare.map((step) =>
      step.name === 'visible'
        ? {
            ...step,
            state: 'failed' as const,
            blocker: { code: 'NOT_DIALLED_BACK' as const, cause: 'two tried', action: '' },
          }
        : step,
    )
    expect(await look('reachability', serving({ steps: refused }))).toMatchObject({
      verdict: 'fail',
      code: 'NOT_DIALLED_BACK',
    })
  })

  it('addresses are counted by how far they reach', () => {
    expect(addressWords(['/ip4/93.184.216.34/tcp/1', '/ip4/192.168.1.4/tcp/1', '/ip6/::1/tcp/1'])).toBe(
      '1 public address, 1 private address, 1 loopback address',
    )
    expect(addressWords(['/ip4/93.184.216.34/tcp/1/p2p/x/p2p-circuit'])).toBe('no address of its own, through a relay')
  })

  it.each([
    ['present', 'pass'],
    ['differs', 'warn'],
    ['absent', 'fail'],
    ['map_unreachable', 'unknown'],
  ] as const)('a row that is %s is a %s', async (state, verdict) => {
    const map = { url: 'https://map.example', state, text: 'row', at: 0, asked: 1, budget: 60, bootstraps: [] }
    expect(await look('map-row', serving({ map }))).toMatchObject({ verdict })
  })

  it('D-T31: a refused update is a failed check, an unknown one is no pass', async () => {
    const { update } = appViewOf(clock.now())
    expect(await look('updates', { update })).toMatchObject({ verdict: 'pass' })
    expect(await look('updates', { update: { ...update, state: 'refused', note: 'wrong signature' } })).toMatchObject({
      verdict: 'fail',
      code: 'UPDATE_REFUSED',
      evidence: expect.stringContaining('wrong signature'),
    })
    expect(await look('updates')).toBeUndefined()
    expect(await look('updates', { update: { ...update, way: 'none' } })).toBeUndefined()
    expect(await look('updates', { update: { ...update, state: 'idle', checkedAt: null } })).toMatchObject({
      verdict: 'unknown',
    })
  })
})
