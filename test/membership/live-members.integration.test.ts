import { readFile } from 'node:fs/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { parseInviteLink } from '../../src-main/membership/invite'
import { openNetworkClient } from '../../src-main/node/network-client'
import { createEventLog } from '../../src-main/storage/event-log'
import { systemClock } from '../../src-shared/clock'
import type { NodeStatus } from '../../src-shared/status'
import { isVisible, type LiveNetwork, startLiveNetwork, stepOf, until } from '../live-network'
import { send } from './signing-worker'

let network: LiveNetwork | undefined
afterEach(() => network?.close())

describe('a network that asks who comes', () => {
  it('H-29: a real node that has an invite is approved without anybody at the dashboard', async () => {
    network = await startLiveNetwork({ approves: false })
    const { url, adminToken } = network.coordinator
    const made = await send(`${url}/invites`, 'POST', {}, { authorization: `Bearer ${adminToken}` })
    const { coordinatorUrl, invite } = parseInviteLink(String(made.body.link), systemClock.now())
    expect(coordinatorUrl).toBe(url)
    const node = await network.join({ config: { invite } })
    await until(node, 'approved', (status) => stepOf(status, 'approve').state === 'done', 120_000)
    const stranger = await network.join({ config: { invite } })
    const refused = (status: NodeStatus) => stepOf(status, 'register').blocker?.code === 'INVITE_USED'
    await until(stranger, 'refused', refused, 120_000)
    // It runs, and has no blocks to ask with: nobody went away, and asking again does not help.
    const ask = { prompt: 'The', maxTokens: 4, signal: AbortSignal.timeout(5_000), onToken: () => undefined }
    await expect(stranger.node.generate(ask)).rejects.toMatchObject({ code: 'NODE_NOT_READY' })
    await stranger.node.stop()
    await expect(stranger.node.generate(ask)).rejects.toMatchObject({ code: 'NODE_STOPPED' })
  })

  it('H-19, X-14: real nodes sign, are given tokens and serve each other; a guest is refused', async () => {
    network = await startLiveNetwork({ targetWorkers: 2, security: { membersOnly: true } })
    const nodes = [await network.join(), await network.join()]
    const [first] = nodes
    if (!first) throw new Error('no node')
    for (const node of nodes) await until(node, 'visible', isVisible, 150_000)
    const signal = AbortSignal.timeout(60_000)
    const ask = { prompt: 'The', maxTokens: 4, signal, onToken: () => undefined }
    const { tokens } = await first.node.generate(ask)
    expect(tokens).toHaveLength(4)
    expect(JSON.parse(await readFile(first.config.data.membershipFile, 'utf8'))).toMatchObject({
      coordinator: network.coordinator.url,
      grant: { token: expect.stringMatching(/^hntoken:/), members_only: true },
    })

    const guest = await openNetworkClient({
      profile: network.profile,
      bootstraps: network.bootstrap.addresses(),
      clock: systemClock,
      log: createEventLog(systemClock, null),
    })
    try {
      const model = first.node.running()?.target?.manifest
      if (!model) throw new Error('no model')
      const route = await guest.findRoute(model, signal)
      const session = { root: model.root, route, contextTokens: 16, wantsLogits: false, signal }
      await expect(guest.pipeline.openSession(session)).rejects.toMatchObject({ code: 'TOKEN_MISSING' })
    } finally {
      await guest.close()
    }
  })
})
