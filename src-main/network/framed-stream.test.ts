import { StreamState, YamuxStream } from '@libp2p/yamux/stream'
import { expect, it } from 'vitest'
import { type FramedStream, frameStream } from './framed-stream'
import { quietLogger } from './quiet-logger'

const MIB = 1024 * 1024

/** The sender's half of a Yamux stream on a line that takes what the window lets go, and says how much was read. */
function sender() {
  const stream = new YamuxStream({
    ...{ id: '1', streamId: 1, state: StreamState.Established, direction: 'outbound' as const },
    ...{ log: quietLogger.forComponent('test'), getRTT: () => 50, sendFrame: () => true },
  })
  const framed = frameStream(stream, 1)
  return {
    ...{ stream, framed },
    /** The other side has read so much. */
    async reads(sizeBytes: number): Promise<void> {
      stream.handleWindowUpdate({ header: { type: 1, flag: 0, streamID: 1, length: sizeBytes } })
      await settled()
    },
    /** Writes; `state` says what came of it. */
    write(sizeBytes: number): { state: string } {
      const outcome = { state: 'waits' }
      framed.write(new Uint8Array(sizeBytes)).then(
        () => {
          outcome.state = 'may go on'
        },
        () => {
          outcome.state = 'ended'
        },
      )
      return outcome
    },
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))
const unsentMib = ({ progress }: FramedStream) => progress.unsentBytes / MIB

it('H-52: a step may be followed by another when little of it waits, not when the line has taken some of it', async () => {
  const { framed, reads, write } = sender()
  const step = write(3 * MIB)
  await settled()
  const seen: number[] = []
  while (step.state === 'waits' && seen.length < 100) {
    seen.push(unsentMib(framed))
    await reads(MIB / 4)
  }
  expect(step.state).toBe('may go on')
  expect(Math.min(...seen)).toBeGreaterThan(1)
  // And no later: the line has something to do while the next one is computed.
  expect(unsentMib(framed)).toBeLessThanOrEqual(1)
  expect(unsentMib(framed)).toBeGreaterThan(0.5)
})

it('H-52: on a slow line sessions have one step each under way, whatever they still have to send', async () => {
  const { framed, reads, write } = sender()
  const sessions = [1, 2, 3].map(() => ({ sent: 0, step: { state: 'may go on' } }))
  let mostMib = 0
  for (let i = 0; i < 400; i++) {
    for (const session of sessions)
      if (session.step.state === 'may go on') {
        session.step = write(2 * MIB)
        session.sent++
      }
    await settled()
    mostMib = Math.max(mostMib, unsentMib(framed))
    await reads(MIB / 8)
  }
  expect(mostMib).toBeLessThanOrEqual(3 * 2 + 1)
  // 50 MiB were read, and the line had work all the time.
  expect(sessions.reduce((sum, { sent }) => sum + sent, 0)).toBeGreaterThanOrEqual(25)
  expect(Math.min(...sessions.map(({ sent }) => sent))).toBeGreaterThanOrEqual(8)
})

it('H-52: what is small does not stand still until the rows before it are gone', async () => {
  const { reads, write } = sender()
  const [step, open] = [write(8 * MIB), write(100)]
  await reads(MIB / 8)
  expect([step.state, open.state]).toEqual(['waits', 'may go on'])
})

it.each<[string, (stream: YamuxStream) => void]>([
  ['the other side', (stream) => stream.onRemoteReset()],
  ['us', (stream) => stream.abort(new Error('gone'))],
  ['the connection', (stream) => stream.onTransportClosed()],
])('a step waits for nothing when its stream is ended by %s as it drains', async (_, end) => {
  const { stream, write } = sender()
  const step = write(3 * MIB)
  await settled()
  stream.dispatchEvent(new Event('drain'))
  end(stream)
  await settled()
  expect(step.state).toBe('ended')
})
