import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Check } from '../../src-shared/app-views'
import { type BuiltApp, buildApp } from '../app/testing/built-app'
import { type OwnedChild, startChild } from '../process/owned-child'
import { askRunning } from './ask-running'

let built: BuiltApp
let data: string
const children: OwnedChild[] = []
beforeAll(async () => {
  built = await buildApp()
})
afterAll(() => built?.remove())
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'espalier-serve-'))
})
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.stop()))
  await rm(data, { recursive: true, force: true })
})

function serve(...args: string[]): Promise<OwnedChild> {
  const child = startChild({
    script: built.paths.cli,
    args: ['serve', '--json', '--data-dir', data, ...args],
    // A killed one can't tidy up after its demonstration; this way the test does.
    env: { TMPDIR: data },
  })
  children.push(child)
  return new Promise((resolve, reject) => {
    child.onStdoutLine((line) => {
      if (!line.includes('"type":"ready"')) return
      ready = JSON.parse(line)
      resolve(child)
    })
    void child.exited.then(({ code }) => reject(new Error(`serve ended with ${code}`)))
  })
}

/** What the last one said when it was there. */
let ready: { ui?: string; uiReadOnly?: string } = {}

function doctor(...args: string[]): { status: number | null; checks: Check[] } {
  const { status, stdout } = spawnSync(process.execPath, [built.paths.cli, 'doctor', '--json', ...args], {
    encoding: 'utf8',
  })
  return { status, checks: JSON.parse(stdout) }
}

const verdictOf = (checks: readonly Check[], id: string) => checks.find((check) => check.id === id)?.verdict

function descendantsOf(pid: number): number[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=']).toString().trim().split('\n')
  const pairs = lines.map((line) => line.trim().split(/\s+/).map(Number) as [number, number])
  const own = pairs.flatMap(([child, parent]) => (parent === pid ? [child] : []))
  return own.flatMap((child) => [child, ...descendantsOf(child)])
}
const isAlive = (pid: number) =>
  spawnSync('ps', ['-p', `${pid}`, '-o', 'stat='])
    .stdout.toString()
    .match(/^[^Z]/) !== null

describe('espalier serve', () => {
  it.skipIf(process.platform === 'win32')(
    'without a network serves the page, which waits for a choice, and ends with 0',
    async () => {
      const child = await serve()
      // The same file as the desktop app writes.
      await expect
        .poll(() => readFile(join(data, 'logs/espalier.log'), 'utf8').catch(() => ''))
        .toMatch(/Z info app\.opened Espalier /)
      expect(await askRunning(data, 'status.get')).toMatchObject({
        phase: 'stopped',
        headline: 'Not part of a network yet',
      })
      // Two links: one that operates, and one that only looks.
      const tokens = [ready.ui, ready.uiReadOnly].map((link) => /#token=([\w-]{32})$/.exec(link ?? '')?.[1])
      expect(new Set(tokens.filter(Boolean)).size).toBe(2)
      const { status, checks } = doctor('--data-dir', data)
      expect(status).toBe(0)
      expect(verdictOf(checks, 'data-directory')).toBe('pass')
      expect(verdictOf(checks, 'engine')).toBe('pass')
      expect(verdictOf(checks, 'coordinator')).toBe('unknown')
      // As when its terminal is closed.
      child.signal('SIGHUP')
      expect(await child.exited).toMatchObject({ code: 0 })
    },
  )

  it.skipIf(process.platform === 'win32')(
    'starts in the network that was chosen before; killed, it takes the demonstration with it (H-33)',
    async () => {
      await writeFile(join(data, 'settings.json'), '{"network":{"kind":"demo"},"publicName":"quiet-pear-1000"}')
      const child = await serve('--port', '0', '--threads', '1')
      await expect
        .poll(() => descendantsOf(child.pid).length, { timeout: 60_000, interval: 200 })
        .toBeGreaterThanOrEqual(4)
      const status = await askRunning(data, 'status.get')
      expect(status).toMatchObject({ watermark: 'DEMO', publicName: 'quiet-pear-1000' })
      const started = descendantsOf(child.pid)
      child.kill()
      await child.exited
      await expect.poll(() => started.filter(isAlive), { timeout: 30_000, interval: 200 }).toEqual([])
    },
  )
})

it('ends with 2 where an argument cannot be right, says why, and leaves nothing behind', () => {
  const place = join(data, 'none')
  const args = ['serve', '--json', '--data-dir', place, '--invite', 'nonsense']
  const { status, stdout } = spawnSync(process.execPath, [built.paths.cli, ...args], { encoding: 'utf8' })
  expect([status, JSON.parse(stdout).error.code, existsSync(place)]).toEqual([2, 'INVITE_INVALID', false])
})

describe('espalier doctor', () => {
  it('exits 1 and names what is broken, each with code and action, when no node runs', async () => {
    const { status, checks } = doctor('--data-dir', data, '--coordinator', 'http://127.0.0.1:9', '--port', '0')
    expect(status).toBe(1)
    const failed = checks.filter(({ verdict }) => verdict === 'fail')
    expect(failed).toMatchObject([
      { id: 'coordinator', code: 'COORDINATOR_UNREACHABLE', action: expect.stringMatching(/address/) },
    ])
  })

  it('finds a data directory that can’t be used and goes on with the other checks', async () => {
    const file = join(data, 'file')
    await mkdir(data, { recursive: true })
    await writeFile(file, '')
    const { status, checks } = doctor('--data-dir', join(file, 'data'), '--port', '0')
    expect(status).toBe(1)
    expect(verdictOf(checks, 'data-directory')).toBe('fail')
    expect(verdictOf(checks, 'engine')).toBe('pass')
  })
})

describe('espalier shards', () => {
  const shards = (...args: string[]) => {
    const { status, stdout } = spawnSync(
      process.execPath,
      [built.paths.cli, 'shards', ...args, '--json', '--data-dir', data],
      { encoding: 'utf8' },
    )
    return { status, answer: JSON.parse(stdout) }
  }

  it('says so where no node runs', () => {
    expect(shards()).toMatchObject({ status: 1, answer: { type: 'error', error: { code: 'NODE_NOT_RUNNING' } } })
  })

  it('a fetch that was paused stays paused over a restart, says by whom, and goes on when it is resumed', async () => {
    await writeFile(
      join(data, 'settings.json'),
      '{"network":{"kind":"demo"},"publicName":"quiet-pear-1000","fetchPaused":true}',
    )
    await serve('--port', '0', '--threads', '1')
    const isHeld = { isPaused: true, fetch: { state: 'paused', verifiedBytes: 0 }, blocker: { id: 'paused' } }
    await expect.poll(() => shards().answer, { timeout: 60_000, interval: 500 }).toMatchObject(isHeld)
    expect(shards('pause')).toMatchObject({ status: 0, answer: isHeld })
    expect((await askRunning(data, 'status.get')).headline).toBe('Paused by you')
    // What is being fetched is in use, and stays.
    expect(shards('free').answer).toMatchObject({ freedBytes: 0 })
    expect(shards('resume')).toMatchObject({ status: 0, answer: { isPaused: false } })
    await expect
      .poll(async () => (await askRunning(data, 'status.get')).loadLevel, { timeout: 60_000, interval: 500 })
      .toMatch(/L[67]/)
    expect(shards().answer).toMatchObject({ fetch: null, disk: { slices: [{ isInUse: true, isFinished: true }] } })
    expect(shards('load')).toMatchObject({ status: 0 })
    const { stdout } = spawnSync(process.execPath, [built.paths.cli, 'shards', '--data-dir', data], {
      encoding: 'utf8',
    })
    expect(stdout).toMatch(/^Nothing is being fetched$/m)
    expect(stdout).toMatch(/Tiny Jargon 8 {2}blocks? .* in use$/m)
  })
})

describe('espalier doctor --shards', () => {
  const shards = () => {
    const { status, stdout } = spawnSync(
      process.execPath,
      [built.paths.cli, 'doctor', '--shards', '--json', '--data-dir', data],
      { encoding: 'utf8' },
    )
    return { status, answer: JSON.parse(stdout) }
  }

  it('S-40: exits 1 where no node runs, and where one runs without a network', async () => {
    expect(shards()).toMatchObject({ status: 1, answer: { type: 'error', error: { code: 'NODE_NOT_RUNNING' } } })
    await serve()
    expect(shards()).toMatchObject({ status: 1, answer: { isReady: false, readiness: null } })
  })

  it('S-40: exits 0 when every shard is loaded, with the table of them', async () => {
    await writeFile(join(data, 'settings.json'), '{"network":{"kind":"demo"},"publicName":"quiet-pear-1000"}')
    await serve('--port', '0', '--threads', '1')
    await expect.poll(() => shards().status, { timeout: 120_000, interval: 1_000 }).toBe(0)
    const { answer } = shards()
    expect(answer.isReady).toBe(true)
    expect(answer.readiness.shards).toHaveLength(8)
    const { stdout } = spawnSync(process.execPath, [built.paths.cli, 'doctor', '--shards', '--data-dir', data], {
      encoding: 'utf8',
    })
    expect(stdout.match(/^Shard \d .*✓ YES/gm)).toHaveLength(8)
    expect(stdout).toMatch(/Loaded shards\s+8 \/ 8 verified by this node/)
  })
})
