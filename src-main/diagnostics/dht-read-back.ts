import { shortPeer } from '../node/words'
import { type CheckDefinition, fail, pass, unknown, warn } from './check'

/** Reads our records from the bootstraps, one by one, now; what we keep ourselves does not count. */
export const dhtReadBack: CheckDefinition = {
  id: 'dht-read-back',
  title: 'Records in the DHT',
  async look({ running }, signal) {
    if (!running) return unknown('the node is not running')
    if (!running.target) return unknown('no blocks are assigned yet, so nothing was announced')
    const answers = await running.readBack(signal)
    if (answers.length === 0) return unknown('no bootstrap peer is known that could be asked')
    const words = answers
      .map(
        ({ peer, found, total, error }) =>
          `${shortPeer(peer)} ${error ? `does not answer (${error.cause})` : `has ${found} of ${total}`}`,
      )
      .join('; ')
    const complete = answers.filter(({ found, total }) => total > 0 && found === total).length
    if (complete === 0) return fail('NOT_READ_BACK', words)
    return complete < answers.length ? warn('NOT_READ_BACK', words) : pass(words)
  },
}
