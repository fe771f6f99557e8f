import type { PeerId } from '@libp2p/interface'
import type { Host } from '../../src-main/network/host'
import { systemClock } from '../../src-shared/clock'
import { median } from '../statistics'

const ECHO_PROTOCOL = '/espalier/bench/echo/1'

/** Sends every byte back as it comes: what a round trip costs before anything of ours is done to it. */
export async function serveEcho(host: Host): Promise<void> {
  await host.handle(ECHO_PROTOCOL, (stream) => {
    stream.addEventListener('message', ({ data }) => void stream.send(data))
  })
}

export interface Echo {
  /** Median round trip of as many bytes, one at a time on one stream, `pauseMs` after each. */
  roundTripMs(sizeBytes: number, times: number, pauseMs: number): Promise<number>
  close(): Promise<void>
}

export async function openEcho(host: Host, peer: PeerId): Promise<Echo> {
  const stream = await host.dialProtocol(peer, ECHO_PROTOCOL)
  let missing = 0
  let onWhole: () => void = () => undefined
  stream.addEventListener('message', ({ data }) => {
    missing -= data.byteLength
    if (missing <= 0) onWhole()
  })
  return {
    async roundTripMs(sizeBytes, times, pauseMs) {
      const trips: number[] = []
      for (let trip = 0; trip < times; trip++) {
        const whole = Promise.withResolvers<void>()
        missing = sizeBytes
        onWhole = whole.resolve
        const startedAt = systemClock.monotonicMs()
        stream.send(new Uint8Array(sizeBytes))
        await whole.promise
        trips.push(systemClock.monotonicMs() - startedAt)
        if (pauseMs > 0) await systemClock.sleep(pauseMs)
      }
      return median(trips)
    },
    close: () => stream.close(),
  }
}
