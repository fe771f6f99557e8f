import { readFile } from 'node:fs/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { openNetworkClient } from '../../src-main/node/network-client'
import { createEventLog } from '../../src-main/storage/event-log'
import { systemClock } from '../../src-shared/clock'
import { isVisible, type LiveNetwork, startLiveNetwork, until } from '../live-network'

let network: LiveNetwork | undefined
afterEach(() => network?.close())

describe('a network for members only', () => {
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
