import { formatBlocks } from '../../src-shared/blocks'
import type { ReadBack } from '../node/read-back'
import { shortPeer } from '../node/words'
import { type CheckDefinition, fail, pass, unknown, warn } from './check'

/** Reads our records from the bootstraps, one by one, now; what we keep ourselves does not count. */
export const dhtReadBack: CheckDefinition = {
  id: 'dht-read-back',
  title: 'Records in the DHT',
  async look({ running, clock }, signal) {
    if (!running) return unknown('the node is not running')
    if (!running.target) return unknown('no blocks are assigned yet, so nothing was announced')
    const answers = await running.readBack(signal)
    if (answers.length === 0) return unknown('no bootstrap peer is known that could be asked')
    const words = answers
      .map(
        ({ peer, found, total, error, record }) =>
          `${shortPeer(peer)} ${error ? `does not answer (${error.cause})` : `has ${found} of ${total}${recordWords(record, clock.now())}`}`,
      )
      .join('; ')
    const complete = answers.filter(({ found, total }) => total > 0 && found === total).length
    if (complete === 0) return fail('NOT_READ_BACK', words)
    return complete < answers.length ? warn('NOT_READ_BACK', words) : pass(words)
  },
}

/** What the record says, decoded as any reader would, and how long it will be there. */
function recordWords(record: ReadBack['record'], now: number): string {
  if (!record) return ''
  const { info, expiresAt, writtenAt } = record
  const blocks =
    info.startBlock === null || info.endBlock === null
      ? 'no blocks'
      : `blocks ${formatBlocks({ start: info.startBlock, end: info.endBlock })}`
  const seconds = (ms: number) => Math.max(0, Math.round(ms / 1000))
  return ` (${record.key}: ${info.state}, ${blocks}, name “${info.publicName ?? ''}”, ${info.throughput.toFixed(1)} requests/s, version ${info.version ?? 'unknown'}; ${seconds(now - writtenAt)} s old, expires in ${seconds(expiresAt - now)} s)`
}
