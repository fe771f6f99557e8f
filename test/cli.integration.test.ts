import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SAMPLE_MANIFEST, SAMPLE_MODEL } from './live-network'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const CLI = join(ROOT, 'out/main/cli.js')
let directory: string

beforeAll(async () => {
  execFileSync(process.execPath, [join(ROOT, 'scripts/build-once.mjs')], { stdio: ['ignore', 2, 2] })
  directory = await mkdtemp(join(tmpdir(), 'espalier-cli-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

function espalier(...args: string[]) {
  return espalierHears('', ...args)
}

/** With `input` piped in. */
function espalierHears(input: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    ...{ cwd: directory, input },
    encoding: 'utf8',
  })
  return { status, stdout, stderr, json: () => JSON.parse(stdout) }
}

describe('espalier slice', () => {
  const args = (output: string, blocks = '3:6') => [
    'slice',
    SAMPLE_MODEL,
    '--blocks',
    blocks,
    '--manifest',
    SAMPLE_MANIFEST,
    '--output',
    output,
  ]

  it('makes a verified slice, recognises it the second time, and prints JSON', () => {
    const output = join(directory, 'slice')
    const first = espalier(...args(output), '--json')
    expect(first.status).toBe(0)
    expect(first.json()).toMatchObject({ range: { start: 3, end: 6 }, wasThere: false })
    expect(espalier(...args(output), '--json').json()).toEqual({ ...first.json(), wasThere: true })
  })

  it('refuses a truncated model with code, cause and action, and leaves nothing', async () => {
    const cut = join(directory, 'cut.gguf')
    await copyFile(SAMPLE_MODEL, cut)
    await truncate(cut, 3_000_000)
    const output = join(directory, 'from-cut')
    const { status, stdout, stderr } = espalier(
      'slice',
      cut,
      '--blocks',
      '3:6',
      '--manifest',
      SAMPLE_MANIFEST,
      '--output',
      output,
      '--json',
    )
    expect(status).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'GGUF_TRUNCATED', action: expect.any(String) } })
    expect(stderr).toContain('GGUF_TRUNCATED')
    expect(await readdir(output).catch(() => [])).toEqual([])
  })

  it.skipIf(process.platform !== 'linux')('ends where the system makes no folder', () => {
    const refused = espalier(...args('/proc/espalier/slice'), '--json')
    expect(refused.status).toBe(1)
    expect(refused.json()).toMatchObject({ error: { code: 'SHARD_WRITE_FAILED' } })
  })

  it('refuses a range that is empty or outside the model', () => {
    expect(espalier(...args(join(directory, 'x'), '6:3')).status).toBe(2)
    const outside = espalier(...args(join(directory, 'x'), '6:9'))
    expect(outside.status).toBe(1)
    expect(outside.stderr).toContain('BLOCK_RANGE_INVALID')
  })
})

describe('espalier manifest', () => {
  it('describes a model, with the same root as the bundled manifest', () => {
    const made = espalier('manifest', SAMPLE_MODEL, '--output', join(directory, 'made.json'), '--json')
    expect(made.stderr).toBe('')
    expect(made.status).toBe(0)
    expect(made.json()).toMatchObject({ blockCount: 8 })
    const checked = espalier(
      'doctor',
      '--data-dir',
      join(directory, 'doctor'),
      '--manifest',
      join(directory, 'made.json'),
      '--model-file',
      SAMPLE_MODEL,
      '--port',
      '0',
      '--json',
    )
    expect(checked.json()).toContainEqual(
      expect.objectContaining({
        id: 'manifest',
        verdict: 'pass',
        evidence: expect.stringContaining(made.json().root.slice(0, 16)),
      }),
    )
    expect(checked.status).toBe(0)
  })
})

describe('espalier doctor', () => {
  it('exits 1 and says what is wrong and what to do', () => {
    const { status, json } = espalier(
      'doctor',
      '--data-dir',
      join(directory, 'doctor'),
      '--coordinator',
      'http://127.0.0.1:9',
      '--model-file',
      '/nowhere.gguf',
      '--port',
      '0',
      '--json',
    )
    expect(status).toBe(1)
    const failed = json().filter(({ verdict }: { verdict: string }) => verdict === 'fail')
    expect(failed.map(({ code }: { code: string }) => code).sort()).toEqual([
      'COORDINATOR_UNREACHABLE',
      'SHARD_MISSING',
    ])
  })
})

describe('espalier doctor on a damaged model', () => {
  it('hashes the file against its manifest, and names the piece', async () => {
    const flipped = join(directory, 'flipped.gguf')
    const bytes = await readFile(SAMPLE_MODEL)
    bytes[5_000_000] = (bytes[5_000_000] ?? 0) ^ 1
    await writeFile(flipped, bytes)
    const { status, json } = espalier(
      'doctor',
      '--data-dir',
      join(directory, 'doctor'),
      '--model-file',
      flipped,
      '--manifest',
      SAMPLE_MANIFEST,
      '--port',
      '0',
      '--json',
    )
    expect(status).toBe(1)
    expect(json()).toContainEqual(
      expect.objectContaining({
        id: 'manifest',
        verdict: 'fail',
        code: 'SHARD_HASH_MISMATCH',
        evidence: expect.stringContaining('piece'),
      }),
    )
  })
})

it('commands that only look leave no data directory behind', () => {
  const data = join(directory, 'not-made')
  const address = 'http://127.0.0.1:9'
  expect(espalier('devices', '--data-dir', data).status).toBe(0)
  expect(espalier('meter', '--coordinator', address, '--data-dir', data).stderr).toContain('(COORDINATOR_UNREACHABLE)')
  const { status, stdout, json } = espalier('contract', address, '--json')
  expect([status, json().error.code]).toEqual([1, 'COORDINATOR_UNREACHABLE'])
  expect(stdout.trim().split('\n')).toHaveLength(1)
  expect(existsSync(data)).toBe(false)
})

describe('espalier serve and status', () => {
  it('keeps everything in --data-dir, answers status, and ends with exit 0 on SIGTERM (H-04, H-05, H-37)', async () => {
    const data = join(directory, 'node')
    const idle = espalier('status', '--data-dir', data, '--json')
    expect(idle.status).toBe(1)
    expect(idle.json()).toMatchObject({ error: { code: 'NODE_NOT_RUNNING' } })

    const before = await readdir(directory)
    const child = spawn(
      process.execPath,
      [CLI, 'serve', '--profile', 'local', '--data-dir', data, '--port', '0', '--json'],
      { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
    await new Promise<void>((resolve) =>
      child.stdout.on('data', (chunk) => String(chunk).includes('"phase":"running"') && resolve()),
    )
    const status = espalier('status', '--data-dir', data, '--json')
    expect(status.json()).toMatchObject({ phase: 'running', watermark: 'DEMO', profile: 'local' })
    // Nobody sees it, so it is not well.
    expect(status.status).toBe(1)
    // A container's health check does not end a node that waits.
    const containerfile = await readFile(join(ROOT, 'docs/Containerfile'), 'utf8')
    const [, healthCheck] = /^HEALTHCHECK .* CMD (\[.*\])$/m.exec(containerfile) ?? []
    const [, , ...checking]: string[] = JSON.parse(healthCheck ?? '[]')
    expect(checking).toContain('status')
    expect(espalier(...checking, '--data-dir', data).status).toBe(0)
    expect(espalier(...checking, '--data-dir', `${data}-of-nobody`).status).toBe(1)
    const renewing = espalier('identity', 'renew', '--data-dir', data, '--json')
    expect(renewing.json()).toMatchObject({ error: { code: 'DATA_DIR_IN_USE' } })
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    expect((await readdir(directory)).filter((name) => !before.includes(name))).toEqual(['node'])
    expect(await readdir(data)).toEqual(expect.arrayContaining(['identity.key', 'settings.json']))
  })
})

describe('espalier identity', () => {
  it('backs an identity up with a passphrase that is piped in, and moves it to another data directory', () => {
    const [one, two] = [join(directory, 'identity-1'), join(directory, 'identity-2')]
    const renewed = espalier('identity', 'renew', '--data-dir', one, '--json')
    const { peerId } = renewed.json().identity
    expect(espalier('identity', '--data-dir', one).stdout).toContain(peerId)
    const words = 'korrekt pferd batterie\n'
    const tooShort = espalierHears('short\n', 'identity', 'export', 'moved.json', '--data-dir', one, '--json')
    expect(tooShort.json()).toMatchObject({ error: { code: 'BAD_ARGUMENT' } })
    const exported = espalierHears(words, 'identity', 'export', 'moved.json', '--data-dir', one)
    expect(exported).toMatchObject({ status: 0, stdout: expect.stringContaining('on one computer only') })
    const wrong = espalierHears(`not the ${words}`, 'identity', 'import', 'moved.json', '--data-dir', two, '--json')
    expect(wrong.json()).toMatchObject({ error: { code: 'IDENTITY_BACKUP_LOCKED' } })
    const moved = espalierHears(words, 'identity', 'import', 'moved.json', '--data-dir', two, '--json')
    expect(moved.json()).toMatchObject({ identity: { state: 'whole', peerId }, keptAt: null })
  })
})

describe('arguments', () => {
  it('say so when the data directory is a file', async () => {
    const file = join(directory, 'a-file')
    await writeFile(file, '')
    const refused = espalier('status', '--data-dir', file, '--json')
    expect(refused.status).toBe(1)
    expect(refused.json()).toMatchObject({ error: { code: 'DATA_DIR_UNUSABLE' } })
  })

  it('exit 2 with usage for what they do not know', () => {
    expect(espalier('prune').status).toBe(2)
    expect(espalier('serve', '--profile', 'mars').status).toBe(2)
    expect(espalier('slice').status).toBe(2)
    expect(espalier('--version').stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/)
  })
})
