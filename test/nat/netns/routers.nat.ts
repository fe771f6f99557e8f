import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type BuiltApp, buildApp } from '../../../src-main/app/testing/built-app'
import type { NodeStatus } from '../../../src-shared/status'
import { SAMPLE_MANIFEST, SAMPLE_MODEL, stepOf } from '../../live-network'
import { createInternet, type Internet, type Namespace, type Router } from './internet'
import { connectedTo, type Program, runIn, startProgram } from './program'

// One coordinator with an address of its own, two homes with a node each, which have half of the blocks each, and
// somebody who asks. Both homes use the same private addresses, as homes do. The intervals are those of real networks.

const ADMIN_TOKEN = 'a-token-for-the-tests-behind-routers'
const API_PORT = 8_000
const NODE_PORT = '31338'
const TOKENS = 24

interface Home {
  router: Router
  computer: Namespace
  node: Program
}

let built: BuiltApp
let internet: Internet
let data: string
let hub: Namespace
let guest: Namespace
let coordinator: Program
let usual: Home
let strict: Home
let stopApproving: () => void = () => undefined

beforeAll(async () => {
  built = await buildApp()
  data = await mkdtemp(join(tmpdir(), 'espalier-nat-'))
  internet = createInternet()
  hub = internet.host('hub', 1)
  guest = internet.host('guest', 20)
  const usualHome = internet.home('usual', 11, 'port-restricted')
  const strictHome = internet.home('strict', 12, 'symmetric')
  coordinator = startProgram(
    hub,
    built.paths.root.concat('/out/main/coordinator.js'),
    [
      ...['--json', '--data-dir', join(data, 'coordinator'), '--host', '0.0.0.0', '--port', String(API_PORT)],
      ...['--public-host', hub.address, '--manifest', SAMPLE_MANIFEST, '--target-workers', '2'],
      ...['--heartbeat-seconds', '5', '--insecure-http'],
    ],
    { ESPALIER_ADMIN_TOKEN: ADMIN_TOKEN },
  )
  await coordinator.line('coordinator', ({ type }) => type === 'ready', 30_000)
  usual = { ...usualHome, node: startNode('usual', usualHome.computer) }
  strict = { ...strictHome, node: startNode('strict', strictHome.computer) }
  stopApproving = approveEverybody()
})

afterAll(async () => {
  stopApproving()
  await Promise.all([usual, strict].map((home) => home?.node.stop()))
  await coordinator?.stop()
  internet?.remove()
  await built?.remove()
  await rm(data, { recursive: true, force: true })
})

function startNode(name: string, computer: Namespace): Program {
  return startProgram(computer, built.paths.cli, [
    ...['serve', '--json', '--fleet', '--data-dir', join(data, name), '--name', name, '--port', NODE_PORT],
    ...['--coordinator', `http://${hub.address}:${API_PORT}`, '--insecure-http', '--model-file', SAMPLE_MODEL],
    ...['--threads', '1', '--context-tokens', '256', '--sessions', '2'],
  ])
}

/** From within, since nobody outside reaches that internet. */
function approveEverybody(): () => void {
  const script = `
    const ask = (path, init = {}) => fetch('http://127.0.0.1:${API_PORT}' + path, { ...init, headers: {
      authorization: 'Bearer ${ADMIN_TOKEN}', 'content-type': 'application/json' } })
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 1000))
      const { workers = [] } = await ask('/workers').then((answer) => answer.json()).catch(() => ({}))
      for (const { worker_id, status } of workers) {
        if (status === 'pending') await ask('/workers/' + worker_id + '/approve', { method: 'POST', body: '{}' })
      }
    }`
  const approver = startProgram(hub, '--input-type=module', ['-e', script])
  return () => void approver.stop()
}

/** Waits for a status; `from` the lines that were said so far, for one that is said from now on. */
async function until(home: Home, what: string, holds: (status: NodeStatus) => boolean, timeoutMs: number, from = 0) {
  const fits = ({ type, status }: { type: string; status?: unknown }) =>
    type === 'status' && holds(status as NodeStatus)
  await home.node.line(what, fits, timeoutMs, from)
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const isSeen = (status: NodeStatus) => stepOf(status, 'visible').state === 'done'
const isDoubted = (status: NodeStatus) =>
  stepOf(status, 'announce').state !== 'done' && stepOf(status, 'visible').state !== 'done'
const isAnnounced = (status: NodeStatus) => stepOf(status, 'announce').state === 'done'

async function ask(): Promise<{ tokens: number; text: string }> {
  const answer = await runIn(guest, process.execPath, [
    ...[built.paths.cli, 'generate', 'A hacker is', '--json', '--coordinator', `http://${hub.address}:${API_PORT}`],
    ...['--insecure-http', '--model-file', SAMPLE_MODEL, '--max-tokens', String(TOKENS), '--context-tokens', '128'],
  ])
  return JSON.parse(answer)
}

it('D-T18: nodes behind two kinds of routers learn that nobody can dial them, and get a place at the relay', async () => {
  for (const home of [usual, strict]) {
    await home.node.line('word that it cannot be dialled', ({ code }) => code === 'reach.changed', 400_000)
    await home.node.line('place at the relay', ({ code }) => code === 'relay.reserved', 30_000)
  }
})

it('M-17: they are seen, each by the coordinator’s peer and by the other, through the relay', async () => {
  for (const home of [usual, strict]) {
    await until(home, 'seen', isSeen, 200_000)
    const values = stepOf(home.node.status()!, 'visible').evidence.map(({ value }) => value)
    for (const value of values) expect(value).toContain(`dialled back through the relay at ${hub.address}:`)
  }
})

it('an answer runs through both, over the relay alone: neither kind of router lets the other in', async () => {
  expect(await ask()).toMatchObject({ tokens: TOKENS })
  for (const { computer } of [usual, strict]) expect(await connectedTo(computer)).toEqual([hub.address])
})

it('D-T06: with its cable out a node calls itself unseen at once; with the cable in again it is announced within 30 s', async () => {
  const { computer, node } = usual
  const before = node.lines.length
  computer.ip('link set eth0 down')
  const pulledAt = performance.now()
  await until(usual, 'in doubt', isDoubted, 15_000, before)
  await sleep(20_000 - (performance.now() - pulledAt))
  const after = node.lines.length
  computer.ip('link set eth0 up')
  // What a computer asks its router for when there is a cable again.
  computer.ip('route add default via 192.168.7.1')
  await until(usual, 'announced again', isAnnounced, 30_000, after)
  // A witness that was asked too soon says for a minute what it found then.
  await until(usual, 'seen again', isSeen, 100_000, after)
  expect(await ask()).toMatchObject({ tokens: TOKENS })
})

it('D-T06: a computer with another address, and a router with another one, are found again', async () => {
  const { computer, router, node } = usual
  const before = node.lines.length
  computer.ip('address del 192.168.7.2/24 dev eth0')
  computer.ip('address add 192.168.7.77/24 dev eth0')
  computer.ip('route replace default via 192.168.7.1')
  await until(usual, 'in doubt', isDoubted, 15_000, before)
  const after = node.lines.length
  await until(usual, 'seen at another address', isSeen, 100_000, after)
  // Nothing on the computer shows this one: its connections die, and that is all.
  router.changeOutside('45.10.0.13')
  await sleep(15_000)
  await until(usual, 'seen from another router', isSeen, 120_000, node.lines.length)
  expect(await ask()).toMatchObject({ tokens: TOKENS })
  // Its records say how it is reached.
  const shown = strict.node.status()?.peers.find(({ publicName }) => publicName === 'usual')
  expect(shown?.offers?.usesRelay).toBe(true)
})
