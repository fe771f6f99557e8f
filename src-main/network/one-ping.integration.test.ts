import type { Stream } from '@libp2p/interface'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect, loopbackHost } from '../../test/loopback-host'
import type { Host } from './host'

const PING_PROTOCOL = '/ipfs/ping/1.0.0'

let ours: Host
let theirs: Host
let dropped = 0

/** Answers as rust-libp2p does: the newest ping of a connection, after a while; those before it are dropped. */
beforeAll(async () => {
  ours = await loopbackHost({ pingIntervalMs: 100 })
  theirs = await loopbackHost({ pingIntervalMs: 60_000 })
  let newest: Stream | null = null
  await theirs.unhandle(PING_PROTOCOL)
  await theirs.handle(PING_PROTOCOL, (stream) => {
    if (newest) {
      dropped++
      newest.abort(new Error('a newer ping came'))
    }
    newest = stream
    stream.addEventListener('message', (event) => {
      const answer = event.data.slice()
      setTimeout(() => {
        if (newest !== stream) return
        newest = null
        stream.send(answer)
        stream.close().catch(() => undefined)
      }, 80)
    })
  })
  await connect(ours, theirs)
})
afterAll(async () => {
  await ours?.stop()
  await theirs?.stop()
})

it('D-T30: pings of our own and libp2p’s watch do not overtake one another, and the connection stays', async () => {
  let closed = 0
  ours.addEventListener('connection:close', () => closed++)
  const ping = () => ours.services.ping.ping(theirs.peerId, { signal: AbortSignal.timeout(10_000) })
  const times = await Promise.all(Array.from({ length: 6 }, ping))
  expect(times).toHaveLength(6)
  expect([dropped, closed]).toEqual([0, 0])
})
