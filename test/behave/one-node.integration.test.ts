import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type BuiltApp, buildApp } from '../../src-main/app/testing/built-app'
import { askRunning } from '../../src-main/cli/ask-running'
import { type OwnedChild, startChild } from '../../src-main/process/owned-child'

let built: BuiltApp
let home: string
const children: OwnedChild[] = []
beforeAll(async () => {
  built = await buildApp()
})
afterAll(() => built?.remove())
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'espalier-one-'))
})
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.stop()))
  await rm(home, { recursive: true, force: true })
})

interface Launch {
  child: OwnedChild
  lines: string[]
}

function serve(dataDir: string, ...args: string[]): Launch {
  const child = startChild({
    script: built.paths.cli,
    args: ['serve', '--json', '--data-dir', join(home, dataDir), '--port', '0', ...args],
    // A user of its own: the lock of a user lies where his programs keep their data.
    env: { XDG_DATA_HOME: home, LOCALAPPDATA: home },
  })
  children.push(child)
  const lines: string[] = []
  child.onStdoutLine((line) => void lines.push(line))
  return { child, lines }
}

function cli(...args: string[]) {
  return spawnSync(process.execPath, [built.paths.cli, ...args], { encoding: 'utf8' })
}

const said = ({ lines }: Launch, type: string) => lines.find((line) => line.includes(`"type":"${type}"`))
const LONG = { timeout: 120_000, interval: 100 }

describe('one node', () => {
  it('O-01, D-T19: of 13 launches one runs; 12 point to it and end with 0; after a kill the next one runs at once', async () => {
    const launches = Array.from({ length: 13 }, () => serve('data'))
    const over = await Promise.all(launches.map((launch) => Promise.race([launch.child.exited, untilReady(launch)])))
    expect(over.filter((exit) => exit === 'ready')).toHaveLength(1)
    expect(over.filter((exit) => exit !== 'ready' && exit.code === 0)).toHaveLength(12)
    const first = launches.find((launch) => said(launch, 'ready') !== undefined)!
    const { ui, pid } = JSON.parse(said(first, 'ready')!)
    for (const launch of launches) {
      if (launch !== first) expect(JSON.parse(said(launch, 'running')!)).toMatchObject({ ui, pid })
    }

    first.child.kill()
    await first.child.exited
    const next = serve('data')
    expect(await Promise.race([next.child.exited, untilReady(next)])).toBe('ready')
    expect(await askRunning(join(home, 'data'), 'status.get')).toMatchObject({ phase: 'stopped' })
    // The file holds a token: it goes with the node.
    expect((await next.child.stop()).code).toBe(0)
    expect(existsSync(join(home, 'data/running.json'))).toBe(false)
  })

  it('O-01: a second data directory of the same user does not make a second node, except in the demo network', async () => {
    const nowhere = [
      '--profile',
      'espalier',
      '--bootstrap',
      '/ip4/127.0.0.1/tcp/9/p2p/12D3KooWGVcBgcLGvVnWEv1hTxzTMo1Y1cLzdR2TPdwmsCoiJ4gn',
    ]
    const first = serve('one', ...nowhere)
    await expect.poll(() => first.lines.some((line) => line.includes('node.listening')), LONG).toBe(true)
    const second = serve('two', ...nowhere)
    expect(await second.child.exited).toMatchObject({ code: 0 })
    expect(JSON.parse(said(second, 'running')!)).toMatchObject({
      error: { code: 'NODE_ALREADY_RUNNING', cause: expect.stringContaining(join(home, 'one')) },
    })
    const confined = serve('three', '--profile', 'local', ...nowhere.slice(2))
    await expect.poll(() => confined.lines.some((line) => line.includes('node.listening')), LONG).toBe(true)
  })

  it.skip('O-01, D-T19: 13 users of one computer have one node each (needs 13 OS users)', () => undefined)
})

describe('the command line', () => {
  it('status asks and leaves no directory behind; a damaged running.json is named', async () => {
    const data = join(home, 'none')
    expect(cli('status', '--data-dir', data)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/NODE_NOT_RUNNING/),
    })
    expect(existsSync(data)).toBe(false)
    await writeFile(join(home, 'running.json'), '{"port": "many"')
    expect(cli('status', '--data-dir', home).stderr).toMatch(/running\.json.*RUNNING_FILE_INVALID/s)
  })

  it.each([
    ['--port', '99999'],
    ['--threads', '0'],
    ['--sessions', '0'],
  ])('refuses %s %s and says what it may be', (option, value) => {
    const { status, stderr } = cli('serve', '--data-dir', join(home, 'refused'), option, value)
    expect(status).toBe(2)
    expect(stderr).toMatch(/Must be .*between \d+ and \d+/)
    expect(existsSync(join(home, 'refused'))).toBe(false)
  })
})

/** Never settles for one that does not get there. */
function untilReady({ child }: Launch): Promise<'ready'> {
  return new Promise((resolve) => {
    child.onStdoutLine((line) => {
      if (line.includes('"type":"ready"')) resolve('ready')
    })
  })
}
