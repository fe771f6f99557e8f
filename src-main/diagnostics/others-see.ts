import type { LookName } from '../../src-shared/status'
import { shortPeer } from '../node/words'
import { type CheckDefinition, fail, pass, unknown } from './check'

const NAMES: Record<LookName, string> = {
  index: 'model listed',
  records: 'records found',
  call: 'call answered',
  read: 'record read',
  row: 'row made',
}

/** The steps of a network's map, as they went through other peers at the last look. */
export const othersSee: CheckDefinition = {
  id: 'others-see',
  title: 'As others see you',
  async look({ running, status }) {
    if (!running || !status) return unknown('the node is not running')
    if (!status.othersSee) return unknown('nobody has looked yet; that comes after announcing')
    const words = status.othersSee.steps
      .map(({ name, state, by, value }) => {
        if (state === 'pass') return `${NAMES[name]} (${by.map(shortPeer).join(', ')})`
        return `${NAMES[name]}: ${state === 'fail' ? 'no' : 'not known'} (${value})`
      })
      .join('; ')
    const failed = status.othersSee.steps.some(({ state }) => state === 'fail')
    if (failed) return fail('SEEN_DIFFERENTLY', words)
    return status.othersSee.steps.every(({ state }) => state === 'pass') ? pass(words) : unknown(words)
  },
}
