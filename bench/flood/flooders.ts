import { multiaddr } from '@multiformats/multiaddr'
import * as z from 'zod'
import { systemClock } from '../../src-shared/clock'
import type { Served } from '../child-calls'
import { type FloodPeer, startFloodPeer } from './flood-peer'

const CALL_TIMEOUT_MS = 5_000
/** Of one peer; a server that holds calls back shows in what was not sent. */
const MAX_WAITING = 100

const StartSchema = z.object({ server: z.string(), peers: z.int().min(1) })
const FloodSchema = z.object({ seconds: z.number(), callsPerSecond: z.number() })
export const FloodedSchema = z.object({ sent: z.number(), answered: z.number(), notSent: z.number() })

/** Peers that ask at a steady pace, whatever they are told; many in one process. */
export function flooders(): Served {
  const clock = systemClock
  const peers: FloodPeer[] = []
  return {
    calls: {
      async start(input) {
        const { server, peers: count } = StartSchema.parse(input)
        for (let i = 0; i < count; i++) peers.push(await startFloodPeer(multiaddr(server)))
      },
      /** `callsPerSecond` of all peers here together. */
      async flood(input) {
        const { seconds, callsPerSecond } = FloodSchema.parse(input)
        const flooded = { sent: 0, answered: 0, notSent: 0 }
        const waiting = peers.map(() => 0)
        const send = async (index: number) => {
          const peer = peers[index]
          if (!peer || (waiting[index] ?? 0) >= MAX_WAITING) {
            flooded.notSent++
            return
          }
          flooded.sent++
          waiting[index] = (waiting[index] ?? 0) + 1
          if (await peer.call(CALL_TIMEOUT_MS)) flooded.answered++
          waiting[index] = (waiting[index] ?? 1) - 1
        }
        const startedAtMs = clock.monotonicMs()
        let due = 0
        // Timers come late on a busy machine; what is due by the clock is sent then.
        const stop = clock.every(10, () => {
          const wanted = ((clock.monotonicMs() - startedAtMs) / 1000) * callsPerSecond
          for (; due < wanted; due++) void send(due % peers.length)
        })
        await clock.sleep(seconds * 1000)
        stop()
        return flooded
      },
    },
    async close() {
      await Promise.all(peers.map((peer) => peer.stop()))
    },
  }
}
