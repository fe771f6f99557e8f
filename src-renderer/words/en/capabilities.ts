import type { Capability } from '../../capabilities'
import { formatWhole } from '../../format'
import { counted } from '../counted'

export const CAPABILITY = {
  title: 'What each node can do',
  says: 'As each node says of itself; a dash means that it has not said.',
  search: 'Name, blocks, quantization…',
  only: 'Only nodes that',
  node: 'Node',
  unknown: '–',
  unknownRead: 'not said',
  direct: 'directly',
  byRelay: 'by a relay',
  full: 'full',
  tokens: (count: number) => counted(count, '# token', '# tokens'),
  rate: (tokensPerSecond: string) => `${tokensPerSecond} tokens/s`,
  nobody: 'No node here fits that.',
  clear: 'Show all',
}

export const CAPABILITY_NAMES: Readonly<Record<Capability, { column: string; wanted: string; hint: string }>> = {
  serves: { column: 'Serves blocks', wanted: 'serve now', hint: 'Online, with these blocks' },
  direct: { column: 'Reached', wanted: 'are reached directly', hint: 'Directly, or through a relay, which is slower' },
  room: { column: 'Room', wanted: 'have room', hint: 'Tokens of conversations that still fit into its memory' },
  speed: { column: 'Speed', wanted: 'say their speed', hint: 'Single tokens through its blocks, as it measured' },
  quantization: { column: 'Quantization', wanted: 'say their quantization', hint: 'How its weights are stored' },
}

export function fittingWords(shown: number, all: number): string {
  return shown === all ? counted(all, '# node', '# nodes') : `${formatWhole(shown)} of ${formatWhole(all)}`
}
