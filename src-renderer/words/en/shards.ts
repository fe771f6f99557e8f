import type { LoadLevel } from '../../../src-shared/status'
import { formatWhole } from '../../format'
import { counted } from '../counted'

/** A rung of the ladder: what is true from there on. */
export const RUNGS: Readonly<Record<LoadLevel, { title: string; hint: string }>> = {
  L0: { title: 'Nothing here', hint: 'No byte of your blocks lies on this computer.' },
  L1: { title: 'Partly here', hint: 'Some pieces of your blocks have come.' },
  L2: { title: 'On disk', hint: 'All bytes have come; nobody has checked them.' },
  L3: { title: 'Every piece matches its hash', hint: 'The bytes are the ones in the manifest.' },
  L4: { title: 'Mapped', hint: 'The engine has opened the files.' },
  L5: { title: 'Loaded', hint: 'The blocks are in the memory of the device that computes.' },
  L6: { title: 'Test pass as expected', hint: 'The blocks compute what they should.' },
  L7: { title: 'Served another node', hint: 'Somebody else has used them.' },
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
  leadNoModel: 'Which blocks of a model lie on this computer, and how far they are proved.',
  lead: (model: string) => `Which blocks of ${model} lie on this computer, and how far they are proved.`,
  stoppedTitle: 'Nothing on disk',
  stoppedText: 'Blocks come with a network: start the node, and what it is given is fetched and checked here.',
  emptyTitle: 'Nothing on disk yet',
  emptyText:
    'The host of the network decides which blocks are yours. They are fetched then, piece by piece, and checked.',
  lessThanOne: 'less than 1',
  share: (percent: string, model: string) => `${percent}\u00a0% of the model’s ${model}`,
  pieceCount: (count: number) => counted(count, '# piece', '# pieces'),
  needed: (count: number, all: string) => `${formatWhole(count)} of ${all}`,
  manifestHash: 'the manifest’s hash',
  folder: 'the folder',
  pieceHash: (index: number) => `the hash of piece ${index},`,
  own: 'yours',
  groups: {
    entry: { label: 'in', name: 'Token embedding' },
    exit: { label: 'out', name: 'Final norm and output' },
    shared: { label: 'all', name: 'Shared by all blocks' },
  },
}
