import type { Stream } from '@libp2p/interface'
import { expect, it } from 'vitest'
import { createProtocolCounters } from './protocol-counters'

const streamOf = (protocol: string, direction: 'inbound' | 'outbound') =>
  Object.assign(new EventTarget(), { protocol, direction }) as unknown as Stream

it('M-34: streams are counted by who opened them, and as long as they are open', () => {
  const { metrics, list } = createProtocolCounters()
  const ours = streamOf('/a', 'outbound')
  const theirs = streamOf('/a', 'inbound')
  for (const stream of [ours, theirs, streamOf('/b', 'inbound')]) metrics.trackProtocolStream(stream)
  ours.dispatchEvent(new Event('close'))
  ours.dispatchEvent(new Event('close'))
  expect(list()).toEqual([
    { protocol: '/a', opened: 1, accepted: 1, open: 1 },
    { protocol: '/b', opened: 0, accepted: 1, open: 1 },
  ])
})

it('M-34: who invents protocols makes the list no longer than 100, and those that are known are counted on', () => {
  const { metrics, list } = createProtocolCounters()
  for (let index = 0; index < 300; index += 1) metrics.trackProtocolStream(streamOf(`/${index}`, 'inbound'))
  metrics.trackProtocolStream(streamOf('/0', 'inbound'))
  expect(list()).toHaveLength(100)
  expect(list()[0]).toMatchObject({ protocol: '/0', accepted: 2 })
})
