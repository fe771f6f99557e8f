import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { checksOf } from '../../e2e/support/view-fixtures'
import { CheckSchema } from '../../src-shared/app-views'
import { systemClock } from '../../src-shared/clock'
import { loadOrCreateIdentity } from '../network/identity'
import { startChild } from '../process/owned-child'
import { openDataDirectory } from '../storage/data-directory'
import type { CheckDefinition, DiagnosticsContext } from './check'
import { skewOf } from './clock-skew'
import { CHECK_TIMEOUT_MS, CHECKS, runDiagnostics } from './diagnostics'
import { holdPort } from './testing/held-port'

/** What a check finds is looked at here; that it ends in time has a test of its own, with a clock of its own. */
const PATIENCE_MS = 60_000
const NOW = Date.UTC(2026, 10, 21, 17, 5)
/** Its timers are real, and the time of day stands still: what is compared with it is not a question of how long it took. */
const stoppedClock = { ...systemClock, now: () => NOW }

let directory: string
let context: DiagnosticsContext
const releases: (() => Promise<unknown> | unknown)[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'espalier-diagnostics-'))
  const broken = join(directory, 'broken-engine.mjs')
  await writeFile(broken, 'process.exit(3)')
  context = {
    clock: systemClock,
    fetch: globalThis.fetch,
    data: await openDataDirectory(join(directory, 'data')),
    spawnEngine: () => startChild({ script: broken, ipc: true }),
    listenPort: 0,
    coordinatorUrl: null,
    bootstraps: [],
    status: null,
    running: null,
    modelPath: null,
    manifestPath: null,
  }
})
afterEach(async () => {
  for (const release of releases.splice(0)) await release()
  await rm(directory, { recursive: true, force: true })
})

async function look(id: string, change: Partial<DiagnosticsContext> = {}) {
  const definition = CHECKS.find((check) => check.id === id)
  const [check] = await runDiagnostics({ ...context, ...change }, definition ? [definition] : [], PATIENCE_MS)
  expect(CheckSchema.safeParse(check).success).toBe(true)
  return check
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  releases.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`
}

describe('each broken thing has its verdict, its evidence and what to do', () => {
  it('D-T11: a data directory that is a file', async () => {
    const file = join(directory, 'file')
    await writeFile(file, '')
    expect(await look('data-directory', { data: { ...context.data, root: file } })).toMatchObject({
      verdict: 'fail',
      code: 'DATA_DIR_UNUSABLE',
      action: expect.stringContaining('--data-dir'),
    })
    expect(await look('data-directory')).toMatchObject({ verdict: 'pass', code: null, action: null })
  })

  it('D-T11: a data directory that is not there yet is not made by looking, and its disk is that of the folder above', async () => {
    const data = { ...context.data, root: join(directory, 'later', 'data') }
    expect(await look('data-directory', { data })).toMatchObject({ verdict: 'unknown', code: null })
    expect(await look('disk-space', { data })).toMatchObject({ evidence: expect.stringMatching(/GB free/) })
    await expect(stat(join(directory, 'later'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('an identity that is missing, damaged, exposed, and well', async () => {
    const { identityFile } = context.data
    expect(await look('identity')).toMatchObject({ verdict: 'unknown', evidence: expect.stringContaining('none yet') })
    const key = await loadOrCreateIdentity(identityFile)
    expect(await look('identity')).toMatchObject({ verdict: 'pass', evidence: key.publicKey.toString() })
    await chmod(identityFile, 0o644)
    if (process.platform !== 'win32') {
      expect(await look('identity')).toMatchObject({ verdict: 'warn', code: 'IDENTITY_EXPOSED' })
    }
    await writeFile(identityFile, 'garbage')
    expect(await look('identity')).toMatchObject({ verdict: 'fail', code: 'IDENTITY_UNREADABLE' })
  })

  it('looking never makes an identity', async () => {
    await look('identity')
    expect(await look('identity')).toMatchObject({ verdict: 'unknown' })
  })

  it('D-T05: the clock of a coordinator that one joined unencrypted on purpose is compared all the same', async () => {
    const fetch = async () => new Response(null, { headers: { date: new Date(NOW).toUTCString() } })
    const found = await look('clock', { clock: stoppedClock, coordinatorUrl: 'http://192.168.1.77:8000', fetch })
    expect(found).toMatchObject({ verdict: 'pass' })
  })

  it('D-T05: a clock that differs from the coordinator’s', async () => {
    context.clock = stoppedClock
    const coordinatorUrl = await serve((request, reply) => {
      const offsetMs = Number(/offset(-?\d+)/.exec(request.url ?? '')?.[1] ?? 0)
      reply.setHeader('date', new Date(NOW + offsetMs).toUTCString()).end('{}')
    })
    expect(await look('clock', { coordinatorUrl })).toMatchObject({ verdict: 'pass' })
    const late = await look('clock', { coordinatorUrl: `${coordinatorUrl}/offset60000` })
    expect(late).toMatchObject({ verdict: 'fail', code: 'CLOCK_WRONG', evidence: expect.stringContaining('behind') })
    const early = await look('clock', { coordinatorUrl: `${coordinatorUrl}/offset-60000` })
    expect(early).toMatchObject({ verdict: 'fail', evidence: expect.stringContaining('ahead') })
    // Within five seconds of what it is, however far that is; the last is 1970.
    const offsetsS = [30, 120, 3_600, 86_400].flatMap((s) => [s, -s])
    for (const offsetS of [...offsetsS, -Math.floor(NOW / 1000)]) {
      const check = (await look('clock', { coordinatorUrl: `${coordinatorUrl}/offset${offsetS * 1000}` }))!
      expect(check).toMatchObject({ verdict: 'fail', code: 'CLOCK_WRONG' })
      const said = Number(/([\d.]+) s (behind|ahead)/.exec(check.evidence)?.[1])
      expect(Math.abs(said - Math.abs(offsetS))).toBeLessThanOrEqual(5)
      expect(check.evidence).toContain(offsetS > 0 ? 'behind' : 'ahead')
    }
    expect(await look('clock')).toMatchObject({ verdict: 'unknown' })
    expect(await look('clock', { coordinatorUrl: 'http://127.0.0.1:1' })).toMatchObject({ verdict: 'unknown' })
  })

  it('a coordinator that is away, a web page, or well', async () => {
    expect(await look('coordinator')).toMatchObject({ verdict: 'unknown' })
    expect(await look('coordinator', { coordinatorUrl: 'http://127.0.0.1:1' })).toMatchObject({
      verdict: 'fail',
      code: 'COORDINATOR_UNREACHABLE',
    })
    const page = await serve((_, reply) => reply.setHeader('content-type', 'text/html').end('<html>Sign in</html>'))
    expect(await look('coordinator', { coordinatorUrl: page })).toMatchObject({
      verdict: 'fail',
      code: 'COORDINATOR_NOT_ONE',
    })
    const info = JSON.stringify({ model_name: 'Tiny', total_layers: 8, bootstrap_peers: [], online_workers: 2 })
    const real = await serve((_, reply) => reply.end(info))
    expect(await look('coordinator', { coordinatorUrl: real })).toMatchObject({
      verdict: 'pass',
      evidence: expect.stringContaining('Tiny, 2 nodes online'),
    })
  })

  it('a port that is taken, and one that is free', async () => {
    const { port, release } = await holdPort()
    expect(await look('port', { listenPort: port })).toMatchObject({ verdict: 'warn', code: 'PORT_TAKEN' })
    await release()
    expect(await look('port', { listenPort: port })).toMatchObject({ verdict: 'pass' })
  })

  it('pictures of the page show no check that there is not', () => {
    const titles = new Map(CHECKS.map(({ id, title }) => [id, title]))
    for (const { id, title } of checksOf(0)) expect(titles.get(id)).toBe(title)
  })

  it('an engine that ends at once', async () => {
    expect(await look('engine')).toMatchObject({ verdict: 'fail', code: 'ENGINE_GONE' })
  })

  it('bootstraps that are no addresses, away, or not known', async () => {
    expect(await look('bootstraps')).toMatchObject({ verdict: 'unknown' })
    expect(await look('bootstraps', { bootstraps: ['rubbish'] })).toMatchObject({
      verdict: 'fail',
      code: 'MULTIADDR_INVALID',
    })
    const away = '/ip4/127.0.0.1/tcp/1/p2p/12D3KooWBj7sBQcBJfAsPnJM4vieeVLuQRVGX22T9zWZE9nvj2Cs'
    expect(await look('bootstraps', { bootstraps: [away] })).toMatchObject({
      verdict: 'fail',
      code: 'BOOTSTRAP_UNREACHABLE',
      evidence: expect.stringContaining('/tcp/1/'),
    })
  })

  it('a disk that can’t be looked at', async () => {
    const data = { ...context.data, root: join(directory, 'broken-engine.mjs', 'nowhere') }
    expect(await look('disk-space', { data })).toMatchObject({ verdict: 'unknown' })
    expect(await look('disk-space')).toMatchObject({ evidence: expect.stringMatching(/GB free/) })
  })

  it('a model file that is none, and a manifest that is missing', async () => {
    const modelPath = join(directory, 'model.gguf')
    await writeFile(modelPath, 'GGUF')
    expect(await look('model-file', { modelPath })).toMatchObject({ verdict: 'fail', code: 'GGUF_TRUNCATED' })
    expect(await look('manifest', { manifestPath: join(directory, 'none.json') })).toMatchObject({
      verdict: 'fail',
      code: 'MANIFEST_MISSING',
    })
  })

  it('without a node, what only a node knows is unknown and never passed', async () => {
    for (const id of ['dht-read-back', 'visibility', 'shard-files']) {
      expect(await look(id), id).toMatchObject({ verdict: 'unknown', code: null })
    }
  })
})

describe('the run', () => {
  it('gives a check that hangs up after its time, as unknown, and aborts it', async () => {
    vi.useFakeTimers()
    try {
      let aborted = false
      const hangs: CheckDefinition = {
        id: 'hangs',
        title: 'Hangs',
        look: (_, signal) => {
          signal.addEventListener('abort', () => {
            aborted = true
          })
          return new Promise(() => undefined)
        },
      }
      const running = runDiagnostics(context, [hangs])
      await vi.advanceTimersByTimeAsync(CHECK_TIMEOUT_MS)
      expect(await running).toMatchObject([{ id: 'hangs', verdict: 'unknown', evidence: expect.stringMatching(/5 s/) }])
      expect(aborted).toBe(true)
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  it('runs the checks side by side, and one that throws does not keep the others from their verdict', async () => {
    let begun = 0
    const both = Promise.withResolvers<void>()
    const waiting = (id: string): CheckDefinition => ({
      id,
      title: id,
      async look() {
        begun += 1
        if (begun === 2) both.resolve()
        await both.promise
        throw new Error(`${id} broke`)
      },
    })
    expect(await runDiagnostics(context, [waiting('a'), waiting('b')])).toMatchObject([
      { id: 'a', verdict: 'fail', code: 'INTERNAL', evidence: expect.stringContaining('a broke') },
      { id: 'b', verdict: 'fail' },
    ])
  })
})

describe('skewOf', () => {
  it.each([
    // header, asked, answered, skew
    [10_000, 10_200, 10_300, 0],
    [10_000, 10_900, 11_400, 0],
    [10_000, 9_950, 10_010, 0],
    [15_000, 10_000, 10_100, 4_900],
    [10_000, 16_000, 16_100, -5_000],
  ])('header %i between %i and %i: %i', (header, asked, answered, skew) => {
    expect(skewOf(header, asked, answered)).toBe(skew)
  })
})
