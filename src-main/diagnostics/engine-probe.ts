import { type CheckDefinition, failedBy, pass, unknown } from './check'

/** The test pass of the loaded blocks, as it went: a measurement against the manifest, not the fact of a load. */
export const engineProbe: CheckDefinition = {
  id: 'engine-probe',
  title: 'Test pass',
  async look({ running, status, clock }) {
    if (!running || !status) return unknown('the node is not running')
    const step = status.steps.find(({ name }) => name === 'prove')
    if (step?.blocker) return failedBy(step.blocker)
    const last = step?.evidence.at(-1)
    if (step?.state !== 'done' || !last) return unknown(step?.next?.what ?? 'the blocks were not tested yet')
    return pass(`${last.value}, ${Math.max(0, Math.round((clock.now() - last.at) / 1000))} s ago`)
  },
}
