import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestCoordinator } from '../../src-coordinator/test-coordinator'
import { type BuiltApp, buildApp } from '../../src-main/app/testing/built-app'
import { type OwnedChild, startChild } from '../../src-main/process/owned-child'
import { type LiveNetwork, startLiveNetwork } from '../live-network'

let built: BuiltApp
let network: LiveNetwork
let data: string
beforeAll(async () => {
  built = await buildApp()
  network = await startLiveNetwork({ approves: false })
  data = await mkdtemp(join(tmpdir(), 'espalier-headless-'))
})
afterAll(async () => {
  await network?.close()
  await built?.remove()
  await rm(data, { recursive: true, force: true })
})

function cli(...args: string[]): { child: OwnedChild; lines: string[] } {
  const child = startChild({ script: built.paths.cli, args })
  const lines: string[] = []
  child.onStdoutLine((line) => lines.push(line))
  return { child, lines }
}

describe('headless', () => {
  it.skipIf(process.platform === 'win32')('C-32, C-20: SIGINT signs off within 3 s and ends with 0', async () => {
    const name = 'sign-off'
    const url = network.coordinator.url
    const { child } = cli('serve', '--json', '--data-dir', data, '--coordinator', url, '--port', '0', '--name', name)
    const row = async () =>
      (await network.coordinator.snapshot()).workers.find(({ nickname }) => nickname === name)?.status
    await expect.poll(row, { timeout: 60_000 }).toBe('pending')
    const askedAt = performance.now()
    child.signal('SIGINT')
    await expect.poll(row, { timeout: 20_000, interval: 20 }).toBeUndefined()
    const tookMs = performance.now() - askedAt
    expect(await child.exited).toMatchObject({ code: 0 })
    // Generous where many tests share a machine; alone it is a fraction of a second.
    expect(tookMs).toBeLessThan(15_000)
  })

  it('C-52: espalier contract prints a table, as JSON too, and exits 0; against nobody it exits 1', async () => {
    // Not the demo's, which takes demo workers only.
    const coordinator = await startTestCoordinator()
    const { url } = coordinator.server
    const adminToken = coordinator.server.adminToken ?? ''
    const table = cli('contract', url, '--admin-token', adminToken)
    const { code } = await table.child.exited
    expect(table.lines.filter((line, i) => [line, table.lines[i - 1]].some((one) => one?.startsWith('◣')))).toEqual([])
    expect(code).toBe(0)
    expect(table.lines.join('\n')).toMatch(/C-17[\s\S]*C-20[\s\S]*0 fail/)
    const json = cli('contract', url, '--json')
    await json.child.exited
    expect(JSON.parse(json.lines.join(''))).toMatchObject({ url, passed: true })
    const nobody = cli('contract', 'http://127.0.0.1:1', '--json')
    expect(await nobody.child.exited).toMatchObject({ code: 1 })
    expect(JSON.parse(nobody.lines.join(''))).toMatchObject({ error: { code: 'COORDINATOR_UNREACHABLE' } })
    expect((await coordinator.server.snapshot()).workers).toEqual([])
    await coordinator.remove()
  })

  it('C-44: http:// to another computer is refused until it is said outright', async () => {
    const refused = cli('contract', 'http://coordinator.example', '--json')
    expect(await refused.child.exited).toMatchObject({ code: 2 })
    expect(refused.lines.join('')).toContain('COORDINATOR_INSECURE')
  })
})
