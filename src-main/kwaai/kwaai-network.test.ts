import { expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import type { Host } from '../network/host'
import type { Pipeline } from '../pipeline/pipeline'
import { createPlaceLeases } from '../pipeline/place-leases'
import { createEventLog } from '../storage/event-log'
import { createKwaaiNetwork } from './kwaai-network'

it('hands on how many sessions there are now, not how many there were', () => {
  const clock = new FakeClock()
  const pipeline = { activeSessions: 0, leases: createPlaceLeases({ clock, log: createEventLog(clock, null) }) }
  const { asking } = createKwaaiNetwork({
    ...{ host: { peerId: { toString: () => 'me' } } as Host, clock },
    ...{ pipeline: pipeline as Pipeline, stage: () => null },
  })
  pipeline.activeSessions = 3
  expect(asking.pipeline.activeSessions).toBe(3)
})
