import type { Connection } from '@libp2p/interface'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { createInboundCalls } from './inbound-calls'

const clock = new FakeClock()
const line = (peer: string, direction: 'inbound' | 'outbound' = 'inbound') =>
  ({ remotePeer: peer, direction, timeline: { open: clock.now() } }) as unknown as Connection

describe('calls that show that we can be reached', () => {
  it('only those over connections that the other side opened, each peer once', () => {
    const calls = createInboundCalls(clock)
    const heard: string[] = []
    const stop = calls.listen(({ connection }) => void heard.push(String(connection.remotePeer)))
    calls.note('info', line('a'))
    calls.note('info', line('b', 'outbound'))
    stop()
    calls.note('hello', line('a'))
    expect(heard).toEqual(['a'])
    expect(calls.recent(1_000).map(({ protocol }) => protocol)).toEqual(['hello'])
  })

  it('false green: not over connections of before, and not from before a change of networks', async () => {
    const calls = createInboundCalls(clock)
    const old = line('a')
    await clock.advance(1_001)
    // It goes on calling, over a connection that says nothing about new ones.
    calls.note('info', old)
    calls.note('info', line('b'))
    expect(calls.recent(1_000).map(({ connection }) => connection.remotePeer)).toEqual(['b'])
    calls.forget()
    expect(calls.recent(1_000)).toEqual([])
  })
})
