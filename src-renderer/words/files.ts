import type { CatalogueView, DiskView, FitView, TokenView } from '../../src-shared/file-views'
import type { FetchView, FoundFile } from '../../src-shared/status'
import { formatBytes, formatSpan } from '../format'
import { say } from '.'

export function sourceWords({ kind, state, bytesPerSecond, receivedBytes }: FetchView['sources'][number]): string {
  const parts = [say.SOURCES[kind]]
  if (state === 'excluded') parts.push(say.FETCH.excluded)
  else if (state === 'active' && bytesPerSecond !== null) parts.push(`${formatBytes(bytesPerSecond)}/s`)
  else if (state === 'waiting') parts.push(say.FETCH.waiting)
  if (receivedBytes > 0) parts.push(formatBytes(receivedBytes))
  return parts.join(', ')
}

/** "640 MB of 1.03 GB, 611 of 983 pieces." and what the measured rate says about the rest. */
export function fetchWords(fetch: FetchView): string {
  const { verifiedBytes, neededBytes, verifiedPieces, neededPieces, state } = fetch
  const done = say.FETCH.done(formatBytes(verifiedBytes), formatBytes(neededBytes), verifiedPieces, neededPieces)
  return state === 'checking' ? say.FETCH.checking(done) : `${done}${rateWords(fetch)}`
}

function rateWords({ state, bytesPerSecond, etaMs, peers }: FetchView): string {
  if (state !== 'fetching') return ''
  const from = peers > 0 ? ` ${say.FETCH.peers(peers)}` : ''
  if (bytesPerSecond === null) return `${from} ${say.FETCH.noRate}`
  const left = etaMs === null ? '' : say.FETCH.left(formatSpan(etaMs))
  return `${from} ${formatBytes(bytesPerSecond)}/s${left}.`
}

/** "Tiny Jargon 8, 8 blocks, 2.4 MB", or why nothing is known of it yet. */
export function foundWords({ state, model, sizeBytes }: FoundFile): string {
  const { FOUND } = say
  const what = model ? FOUND.what(model.name, model.blockCount) : state === 'copying' ? FOUND.copying : FOUND.unusable
  return `${what}, ${formatBytes(sizeBytes)}`
}

export function diskWords({ usedBytes, capBytes, freeBytes }: DiskView): string {
  const free = formatBytes(freeBytes)
  if (capBytes === null) return say.DISK.noLimit(free)
  const limit = say.DISK.limit(formatBytes(capBytes), free)
  return usedBytes > capBytes ? `${limit} ${say.DISK.overLimit}` : limit
}

export function freeWords(going: DiskView['slices']): string {
  return say.DISK.going(going.length, formatBytes(going.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)))
}

export function catalogueWords({ manifest, architecture }: CatalogueView['models'][number]): string {
  if (manifest === null) return architecture
  const blocks = say.CATALOGUE.blocks(manifest.blockCount)
  return `${architecture}, ${blocks}, ${formatBytes(manifest.sizeBytes)}, ${manifest.quantization}`
}

export function fitWords({ model, together }: FitView): string {
  if (!model || !together) return ''
  const { FIT } = say
  const { blocks, budgetBytes, weightsBytes, kvBytes, computeBytes } = together
  const need = FIT.needs(formatBytes(weightsBytes), formatBytes(kvBytes), formatBytes(computeBytes))
  const budget = formatBytes(budgetBytes)
  if (blocks === 0) return FIT.none(model.name, need, budget)
  return blocks === model.blockCount
    ? FIT.all(blocks, model.name, budget, need)
    : FIT.some(blocks, model.blockCount, model.name, budget, need)
}

export function placeWords({ blocks, budgetBytes, totalBytes }: FitView['places'][number], blockCount: number): string {
  if (totalBytes === 0) return say.FIT.noMemoryReport
  const memory = say.FIT.memory(formatBytes(budgetBytes), formatBytes(totalBytes))
  return blocks === null ? memory : say.FIT.blocksIn(blocks, blockCount, memory)
}

export function tokenWords({ protection, offered }: TokenView): string {
  const { TOKEN } = say
  if (protection === 'locked') return TOKEN.locked
  if (protection === 'keyring') return TOKEN.sealed
  if (protection === 'file') return TOKEN.inFile
  return offered === 'keyring' ? TOKEN.noneSealed : TOKEN.noneInFile
}
