import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { whyNoMulticast } from '../network/multicast'
import { announceNetwork } from './announce-network'
import { findNetworks } from './find-networks'

// Real packets on a port of our own, so that nothing else on this network takes part.
const PORT = 53_530 + (process.pid % 400)
const clock = systemClock
const log = { write: () => undefined }
const keptIn = await whyNoMulticast({ clock, port: PORT })

describe('networks on the local network', () => {
  it.skipIf(keptIn !== null)('H-13: one that is announced is found by its model, until it is gone', async () => {
    const network = { id: 'a1b2c3', port: 8123, modelName: 'Tiny-Jargon-8' }
    const announced = announceNetwork({ network, clock, log, port: PORT })
    const { networks } = await findNetworks({ clock, port: PORT })
    await announced.close()
    expect(networks).toContainEqual({
      url: expect.stringMatching(/^http:\/\/[\d.]+:8123$/),
      modelName: 'Tiny-Jargon-8',
      isOwn: true,
    })
    const later = await findNetworks({ clock, port: PORT, whyNoMulticast: async () => null })
    expect(later).toEqual({ networks: [], trouble: null })
  })

  it('H-15: where a system keeps multicast in, that is said instead of “nobody is there”', async () => {
    const { networks, trouble } = await findNetworks({
      clock,
      port: PORT,
      whyNoMulticast: async () => 'no such device',
    })
    expect(networks).toEqual([])
    expect(trouble).toMatch(/^no such device/)
  })
})
