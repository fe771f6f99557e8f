import { readdir } from 'node:fs/promises'
import { messageOf } from '../../src-shared/errors'
import type { EventLog } from '../storage/event-log'
import { type ComputeChoice, chooseDevice, type DeviceWishes, type Offer, wantedAccelerators } from './device-choice'
import { EngineClient, type EngineProcess } from './engine'
import type { Accelerator } from './library'

/** A driver that hangs must not keep the node from starting. */
const OPEN_TIMEOUT_MS = 20_000

export interface DeviceProbe {
  spawnEngine: () => EngineProcess
  log: Pick<EventLog, 'write'>
  /** Directory of the libraries that were downloaded for an accelerator; null: those that came with the app. */
  directoryOf: (accelerator: Accelerator) => Promise<string | null>
  /** What the system's drivers make possible, as node-llama-cpp finds out. */
  supported: () => Promise<readonly Accelerator[]>
  /** Graphics cards that the system knows of, whether or not they can be used. */
  present: () => Promise<readonly string[]>
}

/**
 * Finds out what can compute here. A driver is opened in a process of its own, which is ended again: a bad one takes
 * nothing with it. Never rejects; where nothing else works it is the processor.
 */
export async function detectDevice(wishes: DeviceWishes, probe: DeviceProbe): Promise<ComputeChoice> {
  const quietly = async <T>(look: () => Promise<readonly T[]>): Promise<readonly T[]> => {
    try {
      return await look()
    } catch (error) {
      probe.log.write('warn', 'device.look.failed', messageOf(error))
      return []
    }
  }
  const [supported, present] = await Promise.all([quietly(probe.supported), quietly(probe.present)])
  const offers: Offer[] = []
  if (wishes.wish !== 'cpu') {
    for (const accelerator of wantedAccelerators(wishes.wish)) {
      // Without a driver there is nothing to open; Apple's package has its own in it.
      if (accelerator === 'cpu' ? process.platform !== 'darwin' : !supported.includes(accelerator)) continue
      const offer = await openOnce(accelerator, probe)
      if (!offer) continue
      offers.push(offer)
      if (chooseDevice(wishes, offers, []).gpuLayers > 0) break
    }
  }
  const choice = chooseDevice(wishes, offers, present)
  if (choice.missedGpu !== null) probe.log.write('warn', 'device.cpu', `running on CPU: ${choice.missedGpu}`)
  return choice
}

async function openOnce(accelerator: Accelerator, probe: DeviceProbe): Promise<Offer | null> {
  let engine: EngineClient | null = null
  try {
    const directory = await probe.directoryOf(accelerator)
    const client = new EngineClient(probe.spawnEngine())
    engine = client
    const giveUp = AbortSignal.timeout(OPEN_TIMEOUT_MS)
    giveUp.addEventListener('abort', () => void client.stop(0), { once: true })
    const { devices } = await client.start({ accelerator, directory })
    return { accelerator, directory, devices }
  } catch (error) {
    probe.log.write('info', 'device.unusable', `${accelerator}: ${messageOf(error)}`)
    return null
  } finally {
    await engine?.stop()
  }
}

/** Files of the drivers' loaders, by which an accelerator is worth a try. Whether it works shows when it is opened. */
const LOADERS = {
  vulkan: ['libvulkan.so.1', 'vulkan-1.dll'],
  cuda: ['libcuda.so.1', 'nvcuda.dll'],
} as const
const LOADER_DIRECTORIES = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/usr/local/lib',
  '/usr/lib/wsl/lib',
  'C:\\Windows\\System32',
] as const

/** Accelerators whose driver is installed here. Metal needs no look: macOS has it. */
export async function supportedAccelerators(
  directories: readonly string[] = LOADER_DIRECTORIES,
): Promise<readonly Accelerator[]> {
  const names = (await Promise.all(directories.map((path) => readdir(path).catch((): string[] => [])))).flat()
  const found = new Set(names)
  return (['cuda', 'vulkan'] as const).filter((kind) => LOADERS[kind].some((file) => found.has(file)))
}

const NVIDIA_CARDS = '/proc/driver/nvidia/gpus'

/** NVIDIA cards whose kernel driver is loaded: they are there even where no library for them is. Linux only. */
export async function presentCards(directory = NVIDIA_CARDS): Promise<readonly string[]> {
  const cards = await readdir(directory).catch(() => [])
  return cards.map((address) => `the NVIDIA card at ${address}`)
}
