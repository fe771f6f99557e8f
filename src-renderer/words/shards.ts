import type { ShardView } from '../../src-shared/app-views'
import type { LoadLevel, NodeStatus, StepName } from '../../src-shared/status'
import { formatBytes } from '../format'

/** A rung of the ladder: what is true from there on, and whose evidence stands beside it. */
export const RUNGS: Readonly<Record<LoadLevel, { title: string; hint: string; step: StepName | null }>> = {
  L0: { title: 'Nothing here', hint: 'No byte of your blocks lies on this computer.', step: null },
  L1: { title: 'Partly here', hint: 'Some pieces of your blocks have come.', step: null },
  L2: { title: 'On disk', hint: 'All bytes have come; nobody has checked them.', step: null },
  L3: { title: 'Every piece matches its hash', hint: 'The bytes are the ones in the manifest.', step: 'fetch' },
  L4: { title: 'Mapped', hint: 'The engine has opened the files.', step: null },
  L5: { title: 'Loaded', hint: 'The blocks are in the memory of the device that computes.', step: 'load' },
  L6: { title: 'Test pass as expected', hint: 'The blocks compute what they should.', step: 'prove' },
  L7: { title: 'Served another node', hint: 'Somebody else has used them.', step: 'serve' },
}

export const SHARDS = {
  ladderTitle: 'How far they are proved',
  toldFrom: 'Announced from here on',
  diskTitle: 'On disk',
  piecesTitle: 'Pieces',
  piecesHelp: 'A piece never spans two blocks. Choose a block to see its pieces.',
  loading: 'Reading what lies on disk…',
  readingAgain: 'Read again',
  failed: 'What lies on disk could not be read',
  yoursVerified: 'yours, verified',
  yoursUnverified: 'yours, not verified yet',
  notNeeded: 'not needed here',
  rows: {
    model: 'Model',
    architecture: 'Architecture',
    quantization: 'Quantization',
    pieces: 'Your pieces',
    root: 'Manifest',
    directory: 'Folder',
  },
} as const

export function shardsLead(status: NodeStatus): string {
  if (!status.model) return 'Which blocks of a model lie on this computer, and how far they are proved.'
  return `Which blocks of ${status.model.name} lie on this computer, and how far they are proved.`
}

export function noShardsWords(status: NodeStatus): { title: string; text: string } {
  if (status.phase === 'stopped')
    return {
      title: 'Nothing on disk',
      text: 'Blocks come with a network: start the node, and what it is given is fetched and checked here.',
    }
  return {
    title: 'Nothing on disk yet',
    text: 'The host of the network decides which blocks are yours. They are fetched then, piece by piece, and checked.',
  }
}

export function shareWords({ neededBytes, modelBytes }: ShardView): string {
  const percent = modelBytes > 0 ? (100 * neededBytes) / modelBytes : 0
  const shown = percent > 0 && percent < 1 ? 'less than 1' : `${Math.round(percent)}`
  return `${shown}\u00a0% of the model’s ${formatBytes(modelBytes)}`
}

export function pieceCountWords(count: number): string {
  return count === 1 ? '1 piece' : `${count.toLocaleString('en')} pieces`
}
