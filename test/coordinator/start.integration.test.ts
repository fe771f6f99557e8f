import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type BuiltApp, buildApp } from '../../src-main/app/testing/built-app'
import { type OwnedChild, startChild } from '../../src-main/process/owned-child'
import { SAMPLE_MANIFEST } from '../live-network'

let built: BuiltApp
let home: string
const children: OwnedChild[] = []
beforeAll(async () => {
  built = await buildApp()
  home = await mkdtemp(join(tmpdir(), 'espalier-start-'))
})
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.stop()))
})
afterAll(async () => {
  await built.remove()
  await rm(home, { recursive: true, force: true })
})

function coordinator(directory: string, args: string[] = [], env: Record<string, string> = {}) {
  const child = startChild({
    script: built.paths.coordinator,
    args: ['--json', '--port', '0', '--dht-port', '0', '--data-dir', join(home, directory), ...args],
    env,
  })
  children.push(child)
  const said: { type: string; error?: { code: string }; bootstrapPeers?: string[] }[] = []
  child.onStdoutLine((line) => void said.push(JSON.parse(line)))
  return { child, said, find: (type: string) => said.find((message) => message.type === type) }
}
type Started = ReturnType<typeof coordinator>

/** The exit code, and what it said. */
async function refused({ child, said }: Started): Promise<[number | null, string | undefined]> {
  const { code } = await child.exited
  return [code, said.find(({ type }) => type === 'error')?.error?.code]
}
const ready = (started: Started) =>
  expect.poll(() => started.find('ready'), { timeout: 30_000, interval: 50 }).toBeDefined()

it('a coordinator that cannot start says why, ends, and leaves no data directory behind', async () => {
  await writeFile(join(home, 'typo.json'), '{"model":')
  const good = ['--manifest', SAMPLE_MANIFEST]
  const cases: [what: string, args: string[], exit: [number, string], env?: Record<string, string>][] = [
    ['no such manifest', ['--manifest', join(home, 'none.json')], [1, 'MANIFEST_MISSING']],
    ['a manifest that is none', ['--manifest', join(home, 'typo.json')], [1, 'MANIFEST_INVALID']],
    ['a short token', good, [2, 'BAD_ARGUMENT'], { ESPALIER_ADMIN_TOKEN: 'short' }],
    ['HTTP for everybody', [...good, '--host', '0.0.0.0'], [2, 'COORDINATOR_INSECURE']],
    ['half a certificate', [...good, '--tls-cert', 'x.pem'], [2, 'BAD_ARGUMENT']],
  ]
  await Promise.all(
    cases.map(async ([what, args, exit, env], index) => {
      expect(await refused(coordinator(`refused-${index}`, args, env)), what).toEqual(exit)
      expect(existsSync(join(home, `refused-${index}`)), what).toBe(false)
    }),
  )
})

it('O-01: one data directory is one peer: a second coordinator on it does not start, and the first goes on', async () => {
  const args = ['--manifest', SAMPLE_MANIFEST]
  const first = coordinator('shared', args)
  await ready(first)
  // HTTP is on loopback, so the bootstrap peer is, too.
  expect(first.find('ready')?.bootstrapPeers).toEqual([expect.stringMatching(/^\/ip4\/127\.0\.0\.1\/tcp\//)])
  expect(await refused(coordinator('shared', args))).toEqual([1, 'DATA_DIR_IN_USE'])
  expect(await Promise.race([first.child.exited, Promise.resolve('running')])).toBe('running')
  // After a kill the next one starts at once.
  first.child.kill()
  await first.child.exited
  await ready(coordinator('shared', args))
})
