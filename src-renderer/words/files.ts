import type { CatalogueView, DiskView, FitView, TokenView } from '../../src-shared/file-views'
import type { FetchView } from '../../src-shared/status'
import { formatBytes, formatSpan } from '../format'

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
} as const

const SOURCE_WORDS: Readonly<Record<FetchView['sources'][number]['kind'], string>> = {
  store: 'fetched before',
  folder: 'in the shard folder',
  file: 'a file here',
  lan: 'a node nearby',
  swarm: 'a node',
  http: 'a web server',
}

export function sourceWords({ kind, state, bytesPerSecond, receivedBytes }: FetchView['sources'][number]): string {
  const parts = [SOURCE_WORDS[kind]]
  if (state === 'excluded') parts.push(FETCH.excluded)
  else if (state === 'active' && bytesPerSecond !== null) parts.push(`${formatBytes(bytesPerSecond)}/s`)
  else if (state === 'waiting') parts.push(FETCH.waiting)
  if (receivedBytes > 0) parts.push(formatBytes(receivedBytes))
  return parts.join(', ')
}

/** "640 MB of 1.03 GB, 611 of 983 pieces." and what the measured rate says about the rest. */
export function fetchWords(fetch: FetchView): string {
  const { verifiedBytes, neededBytes, verifiedPieces, neededPieces, state } = fetch
  const done = `${formatBytes(verifiedBytes)} of ${formatBytes(neededBytes)}, ${verifiedPieces.toLocaleString('en')} of ${neededPieces.toLocaleString('en')} pieces, each checked.`
  if (state === 'checking') return `What lies on this computer is being checked: ${done}`
  return `${done}${rateWords(fetch)}`
}

function rateWords({ state, bytesPerSecond, etaMs, peers }: FetchView): string {
  if (state !== 'fetching') return ''
  const from = peers > 0 ? ` ${peers === 1 ? '1 node has' : `${peers} nodes have`} some of it.` : ''
  if (bytesPerSecond === null) return `${from} ${FETCH.noRate}`
  const left = etaMs === null ? '' : `, about ${formatSpan(etaMs)} left`
  return `${from} ${formatBytes(bytesPerSecond)}/s${left}.`
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
} as const

export function diskWords({ usedBytes, capBytes, freeBytes }: DiskView): string {
  const limit = capBytes === null ? 'No limit is set' : `Your limit is ${formatBytes(capBytes)}`
  return `${limit}; the disk has ${formatBytes(freeBytes)} left.${capBytes !== null && usedBytes > capBytes ? ' What is here already is more; it shrinks when room is needed.' : ''}`
}

export function freeWords(going: DiskView['slices']): string {
  const total = formatBytes(going.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
  const what = going.length === 1 ? '1 shard that is not in use goes' : `${going.length} shards that are not in use go`
  return `${what}, and ${total} come back. If you need them again, they are fetched again.`
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
} as const

export function catalogueWords({ manifest, architecture }: CatalogueView['models'][number]): string {
  if (manifest === null) return architecture
  return `${architecture}, ${manifest.blockCount} blocks, ${formatBytes(manifest.sizeBytes)}, ${manifest.quantization}`
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
} as const

export function fitWords({ model, together }: FitView): string {
  if (!model || !together) return ''
  const { blocks, budgetBytes, weightsBytes, kvBytes, computeBytes } = together
  const need = `${formatBytes(weightsBytes)} of weights, ${formatBytes(kvBytes)} for conversations and ${formatBytes(computeBytes)} to compute`
  if (blocks === 0) {
    return `Not one block of ${model.name} fits: one needs ${need}, and ${formatBytes(budgetBytes)} may be used.`
  }
  const what = blocks === model.blockCount ? `All ${blocks} blocks` : `${blocks} of ${model.blockCount} blocks`
  return `${what} of ${model.name} fit into ${formatBytes(budgetBytes)}: ${need}.`
}

export function placeWords({ blocks, budgetBytes, totalBytes }: FitView['places'][number], blockCount: number): string {
  if (totalBytes === 0) return FIT.noMemoryReport
  const memory = `${formatBytes(budgetBytes)} of ${formatBytes(totalBytes)}`
  return blocks === null ? memory : `${blocks} of ${blockCount} blocks in ${memory}`
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
} as const

export function tokenWords({ protection, offered }: TokenView): string {
  if (protection === 'locked') return 'One is kept, but the desktop app sealed it and this program cannot open it.'
  if (protection === 'keyring') return 'One is kept, sealed by this system.'
  if (protection === 'file') return 'One is kept in a file that only your user account can read; it is not encrypted.'
  return offered === 'keyring'
    ? 'None is kept. One that you enter is sealed by this system.'
    : 'None is kept. This system offers no keyring here, so one would lie unencrypted in a file of your user account.'
}

export const DIAGNOSIS = {
  title: 'Diagnosis',
  running: 'Looking at the shard here, at the others, and at what the nodes say to each other…',
  failed: 'The diagnosis could not be run',
  again: 'Run again',
  copy: 'Copy report',
  report: 'The report has no paths, addresses or whole peer ids.',
} as const

export const CHOOSE_FILE = {
  label: 'Path of the model file',
  hint: 'A whole model or a shard on this computer. Only your blocks are read from it, and every piece is checked.',
  browse: 'Choose…',
  use: 'Use this file',
  close: 'Not now',
  placeholder: '/path/to/model.gguf',
} as const
