import type { FetchView } from '../../../src-shared/status'
import { formatWhole } from '../../format'
import { counted } from '../counted'

export const FETCH = {
  title: 'Fetching',
  pausedTitle: 'Fetching is paused',
  pause: 'Pause',
  resume: 'Resume',
  cancel: 'Cancel',
  cancelHint: 'Ends it until you choose “Load now”. What was fetched is kept.',
  sourcesTitle: 'Where it comes from',
  noSources: 'No source is known yet.',
  excluded: 'not asked again',
  waiting: 'waiting',
  noRate: 'The rate shows after five seconds of data.',
  pausedHint: 'Paused by you. What was fetched is kept, also over a restart.',
  done: (verified: string, needed: string, verifiedPieces: number, neededPieces: number) =>
    `${verified} of ${needed}, ${formatWhole(verifiedPieces)} of ${formatWhole(neededPieces)} pieces, each checked.`,
  checking: (done: string) => `What lies on this computer is being checked: ${done}`,
  peers: (count: number) => counted(count, '# node has some of it.', '# nodes have some of it.'),
  left: (span: string) => `, about ${span} left`,
}

export const SOURCES: Readonly<Record<FetchView['sources'][number]['kind'], string>> = {
  store: 'fetched before',
  folder: 'in the shard folder',
  file: 'a file here',
  lan: 'a node nearby',
  swarm: 'a node',
  http: 'a web server',
}

export const FOUND = {
  title: 'In the shard folder',
  lead: 'What lies here is used as soon as blocks are assigned to this node, as far as it holds them. Every piece is checked then.',
  copying: 'still being copied',
  unusable: 'cannot be used',
  what: (model: string, blockCount: number) => `${model}, ${counted(blockCount, '# block', '# blocks')}`,
}

export const DISK = {
  title: 'Space on this disk',
  loading: 'Adding up what lies on this disk…',
  failed: 'What lies on this disk could not be added up',
  again: 'Look again',
  empty: 'No shard lies on this computer.',
  inUse: 'in use',
  unused: 'not in use',
  unfinished: 'unfinished',
  unknownModel: 'A model without its manifest',
  free: 'Free space…',
  freeing: 'Freeing…',
  nothingToFree: 'Everything here is in use.',
  confirmTitle: 'Free this space?',
  confirmNo: 'Keep them',
  lastUsed: 'last used',
  order: 'When room is needed, what was used longest ago goes first, other models before yours. What is in use stays.',
  noLimit: (free: string) => `No limit is set; the disk has ${free} left.`,
  limit: (cap: string, free: string) => `Your limit is ${cap}; the disk has ${free} left.`,
  overLimit: 'What is here already is more; it shrinks when room is needed.',
  going: (count: number, total: string) =>
    `${counted(count, '# shard that is not in use goes', '# shards that are not in use go')}, and ${total} come back. If you need them again, they are fetched again.`,
  freeThis: (total: string) => `Free ${total}`,
}

export const CATALOGUE = {
  title: 'Models to choose from',
  loading: 'Reading the list of models…',
  failed: 'The list of models could not be read',
  lead: 'A node serves the model of its network. To serve another one, join a network that hosts it, or host it yourself.',
  bundled: 'Comes with this app',
  needsHost: 'Needs a coordinator that hosts it',
  gated: 'Asks for agreement',
  gatedHint: 'Accept the licence on its page, then enter a Hugging Face token in Settings.',
  page: 'Its page',
  blocks: (count: number) => counted(count, '# block', '# blocks'),
}

export const FIT = {
  title: 'What fits',
  loading: 'Looking for what can compute here…',
  failed: 'What fits could not be reckoned',
  again: 'Look again',
  noModel: 'No model is known yet. Join a network, or choose a model file above; then this says how many blocks fit.',
  chosen: 'used',
  use: 'Use this card',
  noMemoryReport: 'its driver reports no memory',
  missed: 'A graphics card was expected, and the processor is used',
  needs: (weights: string, conversations: string, computing: string) =>
    `${weights} of weights, ${conversations} for conversations and ${computing} to compute`,
  none: (model: string, need: string, budget: string) =>
    `Not one block of ${model} fits: one needs ${need}, and ${budget} may be used.`,
  all: (count: number, model: string, budget: string, need: string) =>
    `${counted(count, 'The only block', 'All # blocks')} of ${model} ${count === 1 ? 'fits' : 'fit'} into ${budget}: ${need}.`,
  some: (count: number, of: number, model: string, budget: string, need: string) =>
    `${formatWhole(count)} of ${formatWhole(of)} blocks of ${model} fit into ${budget}: ${need}.`,
  memory: (free: string, total: string) => `${free} of ${total}`,
  blocksIn: (count: number, of: number, memory: string) =>
    `${formatWhole(count)} of ${formatWhole(of)} blocks in ${memory}`,
}

export const TOKEN = {
  label: 'Hugging Face token',
  hint: 'For models whose publisher asks for agreement. It is sent to huggingface.co and nowhere else, and never shown again.',
  save: 'Keep it',
  forget: 'Forget it',
  problem: 'Letters, digits, - and _, at least 8 of them.',
  placeholder: 'hf_…',
  found: 'is set where this program was started. It is not used unless you say so.',
  takeFound: 'Use it',
  locked: 'One is kept, but the desktop app sealed it and this program cannot open it.',
  sealed: 'One is kept, sealed by this system.',
  inFile: 'One is kept in a file that only your user account can read; it is not encrypted.',
  noneSealed: 'None is kept. One that you enter is sealed by this system.',
  noneInFile:
    'None is kept. This system offers no keyring here, so one would lie unencrypted in a file of your user account.',
}

export const DIAGNOSIS = {
  title: 'Diagnosis',
  running: 'Looking at the shard here, at the others, and at what the nodes say to each other…',
  failed: 'The diagnosis could not be run',
  again: 'Run again',
  copy: 'Copy report',
  report: 'The report has no paths, addresses or whole peer ids.',
}

export const CHOOSE_FILE = {
  label: 'Path of the model file',
  hint: 'A whole model or a shard on this computer. Only your blocks are read from it, and every piece is checked.',
  browse: 'Choose…',
  use: 'Use this file',
  close: 'Not now',
  placeholder: '/path/to/model.gguf',
}
