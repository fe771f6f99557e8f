import { systemClock } from '../../src-shared/clock'
import { fetchedLibraries } from '../app/compute'
import { appPaths } from '../app-paths'
import { detectDevice, presentCards, supportedAccelerators } from '../engine/detect-devices'
import { fetchPack, installedPack } from '../engine/packs/fetch-pack'
import { cudaPack, offeredPack, readPackList } from '../engine/packs/pack-list'
import { startChild } from '../process/owned-child'
import { dataDirectoryAt, openDataDirectory } from '../storage/data-directory'
import { createEventLog } from '../storage/event-log'
import { onEndSignal } from './until-end'

/**
 * Prints what can compute here and what `auto` would take. With `fetchCuda` it first gets the CUDA libraries, where an
 * NVIDIA card was found and they are not there yet; then it exits 1 when there is nothing to fetch them for.
 */
export async function devices(options: { dataDir?: string; fetchCuda: boolean; json: boolean }): Promise<void> {
  // A question must not leave a directory behind.
  const { root } = dataDirectoryAt(options.dataDir)
  const paths = appPaths()
  const packs = await readPackList(paths.cudaPacks)
  const nvidiaCards = await nvidiaOf()
  const isInstalled = (await installedPack(root, cudaPack(packs))) !== null
  const offer = offeredPack(packs, { nvidiaCards, isInstalled })
  let fetched: string | null = null
  if (options.fetchCuda && offer) {
    await openDataDirectory(options.dataDir)
    const stopping = new AbortController()
    onEndSignal(() => stopping.abort())
    fetched = await fetchPack(offer, {
      dataRoot: root,
      signal: stopping.signal,
      onProgress(done, total) {
        if (!options.json && process.stderr.isTTY) process.stderr.write(`\r${Math.floor((100 * done) / total)} %`)
      },
    })
  }
  const choice = await detectDevice(
    { wish: 'auto', gpuNames: null },
    {
      spawnEngine: () => startChild({ script: paths.engineChild, ipc: 'pipe' }),
      log: createEventLog(systemClock, null),
      directoryOf: fetchedLibraries(paths.cudaPacks, root),
      supported: supportedAccelerators,
      present: presentCards,
    },
  )
  const pack = fetched === null && offer ? { name: offer.name, sizeBytes: offer.sizeBytes } : null
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ choice, nvidiaCards, offer: pack, fetched })}\n`
      : `${[
          choice.gpuLayers > 0
            ? `Computes on ${choice.gpuNames.join(', ')} (${choice.accelerator})`
            : 'Computes on CPU',
          ...(choice.missedGpu === null ? [] : [`Not on a graphics card: ${choice.missedGpu}`]),
          ...(pack ? [`CUDA libraries can be fetched (${Math.round(pack.sizeBytes / 1e6)} MB): --fetch-cuda`] : []),
          ...(fetched === null ? [] : [`Fetched and checked: ${fetched}`]),
        ].join('\n')}\n`,
  )
  if (options.fetchCuda && !offer && !isInstalled) process.exitCode = 1
}

/** NVIDIA cards, by the kernel's driver or, where that says nothing, by the one that node-llama-cpp found. */
async function nvidiaOf(): Promise<readonly string[]> {
  const cards = await presentCards()
  if (cards.length > 0) return cards
  const supported = await supportedAccelerators().catch(() => [])
  return supported.some((accelerator) => accelerator === 'cuda') ? ['an NVIDIA card'] : []
}
