import type { Step } from '../../src-shared/status'
import { shortPeer } from '../node/words'
import { type CheckDefinition, failedBy, pass, unknown } from './check'

/** What witnesses said last. They are asked all the time while the node runs; asking more would not be fairer. */
export const visibility: CheckDefinition = {
  id: 'visibility',
  title: 'Seen from outside',
  async look({ running, status, clock }) {
    if (!running || !status) return unknown('the node is not running')
    const steps = status.steps.filter(({ name }) => name === 'visible' || name === 'serve')
    const blocked = steps.find(({ blocker }) => blocker)
    if (blocked?.blocker) {
      const finding = failedBy(blocked.blocker)
      return blocked.state === 'degraded' ? { ...finding, verdict: 'warn' } : finding
    }
    const open = steps.find(({ state }) => state !== 'done')
    if (open) return unknown(open.next?.what ?? `the step “${open.name}” has not come to its end yet`)
    return pass(steps.flatMap((step) => wordsOf(step, clock.now())).join('. '))
  },
}

function wordsOf({ name, evidence }: Step, now: number): string[] {
  const lead = name === 'visible' ? 'Seen by' : 'Reached by'
  return evidence.map(({ by, value, at }) => {
    const age = `${Math.max(0, Math.round((now - at) / 1000))} s ago`
    return `${lead} ${shortPeer(by)} ${age}${value.startsWith('and ') ? ',' : ''} ${value}`
  })
}
