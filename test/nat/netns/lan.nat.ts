import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type BuiltApp, buildApp } from '../../../src-main/app/testing/built-app'
import { createInternet, type Internet } from './internet'
import { connectedTo, type Program, startProgram } from './program'

let built: BuiltApp
let internet: Internet
let data: string
const nodes: Program[] = []

beforeAll(async () => {
  built = await buildApp()
  data = await mkdtemp(join(tmpdir(), 'espalier-nat-lan-'))
  internet = createInternet()
})
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()))
  internet?.remove()
  await built?.remove()
  await rm(data, { recursive: true, force: true })
})

it('H-13: two computers on one cable, without a coordinator, meet within 10 s at addresses that lead there', async () => {
  const computers = internet.lan(['one', 'two'])
  for (const [at, computer] of computers.entries()) {
    const node = startProgram(computer, built.paths.cli, [
      ...['serve', '--json', '--fleet', '--data-dir', join(data, `${at}`), '--name', `lan-${at}`],
      ...['--profile', 'espalier', '--port', '31338'],
    ])
    nodes.push(node)
    await node.line('start', ({ code }) => code === 'node.listening', 30_000)
  }
  const [one, two] = nodes
  await Promise.any(nodes.map((node) => node.line('meeting', ({ code }) => code === 'lan.peer.met', 10_000)))
  const [here, there] = computers
  expect(await connectedTo(here)).toEqual([there.address])
  expect(await connectedTo(there)).toEqual([here.address])
  for (const node of [one, two]) expect(node?.status()?.listenAddresses.join()).toMatch(/\/ip4\/192\.168\.9\./)
})
