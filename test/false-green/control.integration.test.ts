import { expect, it, onTestFinished } from 'vitest'
import { isVisible, PATIENCE_MS, PATIENT, startLiveNetwork, until } from '../live-network'

// With both forms, whose lights include those of each. The intervals are longer than in the suite: a node that promises a
// round every two seconds breaks its word on a busy computer, and is right to say so.
it('D-T42, the control of the false-green suite: nothing is wrong, and nothing is said to be', async () => {
  const network = await startLiveNetwork({ timings: PATIENT, recordForms: ['hivemind', 'kademlia'] })
  onTestFinished(() => network.close())
  const [, live] = await Promise.all([network.join({ name: 'other' }), network.join({ name: 'watched' })])
  await until(live, 'visible', isVisible, PATIENCE_MS)
  const seen = new Set<string>()
  const stop = live.node.onStatus(({ steps }) => {
    for (const { name, state, blocker } of steps)
      if (state !== 'done') seen.add(`${name} ${state}: ${blocker?.cause ?? 'no cause'}`)
  })
  await new Promise((resolve) => setTimeout(resolve, 3 * PATIENT.announceIntervalMs))
  stop()
  expect([...seen]).toEqual([])
}, 300_000)
