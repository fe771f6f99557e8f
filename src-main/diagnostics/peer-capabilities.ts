import { formatBlocks } from '../../src-shared/blocks'
import { bytesInWords } from '../../src-shared/bytes-in-words'
import type { PeerCapabilities } from '../node/swarm'
import { type CheckDefinition, pass, unknown } from './check'

/** What the others say that they can give, asked now (S-33). */
export const peerCapabilities: CheckDefinition = {
  id: 'shards-peers',
  title: 'What the others can give',
  async look({ running }, signal) {
    if (!running) return unknown('the node is not running')
    const peers = await running.swarm.askCapabilities(signal)
    return peers.length === 0 ? unknown('no other node of this model answers') : pass(peers.map(wordsOf).join('; '))
  },
}

function wordsOf({ peer, level, start, end, quant, ...can }: PeerCapabilities): string {
  const card = can.freeCardBytes === null ? '' : `, ${bytesInWords(can.freeCardBytes)} on its card`
  const free = `${bytesInWords(can.freeMemoryBytes)} free${card}`
  const blocks = `block${end - start === 1 ? '' : 's'} ${formatBlocks({ start, end })}`
  return `${peer.slice(-6)} ${blocks} ${quant} at ${level}, ${free}, ${can.active} of ${can.maxConcurrent} sessions`
}
