import type { Accelerator } from './library'
import type { Device } from './protocol'

/** What the operator may ask for. `auto` takes a graphics card where one works. */
export const DEVICE_WISHES = ['auto', 'cpu', 'vulkan', 'cuda', 'metal'] as const
export type DeviceWish = (typeof DEVICE_WISHES)[number]

/** Who computes: what the engine opens, and on which devices blocks are put. */
export interface ComputeChoice {
  accelerator: Accelerator
  /** Directory of the libraries; null for the installed package. */
  directory: string | null
  /** Blocks computed on graphics cards: 0 or all. */
  gpuLayers: number
  /** Names of the chosen cards; empty on the processor. */
  gpuNames: string[]
  /** All that the opened back-ends offer, the processor included; empty where nobody has looked. */
  devices: Device[]
  /** Why the processor computes although a graphics card was expected (H-41); null where none was. */
  missedGpu: string | null
}

/** What one accelerator's back-end offers, as an engine process that opened it has said. */
export interface Offer {
  accelerator: Accelerator
  directory: string | null
  devices: Device[]
}

export interface DeviceWishes {
  wish: DeviceWish
  /** Names of the cards that may be used; null: all. */
  gpuNames: readonly string[] | null
}

/** More than any model has: llama.cpp takes it as all. */
export const ALL_LAYERS = 10_000

/** The processor, where nobody has looked for anything else. */
export const CPU_CHOICE: ComputeChoice = {
  accelerator: 'cpu',
  directory: null,
  gpuLayers: 0,
  gpuNames: [],
  devices: [],
  missedGpu: null,
}

/** Fastest first: NVIDIA's own libraries, then the one for all cards. Metal is in the only package for its computers. */
const ORDER: readonly Accelerator[] = ['cuda', 'vulkan', 'cpu']

/** The accelerators that are worth opening for a wish, best first. */
export function wantedAccelerators(wish: DeviceWish): readonly Accelerator[] {
  if (wish === 'auto') return ORDER
  if (wish === 'cuda' || wish === 'vulkan') return [wish]
  // Metal has no package of its own: the processor's brings it.
  return ['cpu']
}

/**
 * Chooses from what was found. `offers`: what could be opened. `present`: graphics cards that this computer is known to
 * have, whether or not a back-end could open them. Falls back to the processor and says why.
 */
export function chooseDevice(
  { wish, gpuNames }: DeviceWishes,
  offers: readonly Offer[],
  present: readonly string[],
): ComputeChoice {
  const wanted = wish === 'cpu' ? [] : wantedAccelerators(wish)
  let refused: string | null = null
  for (const accelerator of wanted) {
    const offer = offers.find((candidate) => candidate.accelerator === accelerator)
    const cards = cardsOf(offer?.devices ?? [])
    if (!offer || cards.length === 0) continue
    const chosen = gpuNames === null ? cards : cards.filter(({ name }) => gpuNames.includes(name))
    if (chosen.length === 0) {
      refused ??= `none of the chosen cards is there: ${gpuNames?.join(', ')}`
      continue
    }
    const { directory, devices } = offer
    const names = chosen.map(({ name }) => name)
    return { accelerator, directory, gpuLayers: ALL_LAYERS, gpuNames: names, devices, missedGpu: null }
  }
  const found = [...new Set([...offers.flatMap(({ devices }) => cardsOf(devices).map(describe)), ...present])]
  const devices = offers.find(({ accelerator }) => accelerator === 'cpu')?.devices ?? []
  return { ...CPU_CHOICE, devices, missedGpu: missedWords(wish, refused, found) }
}

/** The devices that are graphics cards. */
export function cardsOf(devices: readonly Device[]): Device[] {
  return devices.filter(({ kind }) => kind === 'gpu' || kind === 'integrated-gpu')
}

function missedWords(wish: DeviceWish, refused: string | null, found: readonly string[]): string | null {
  if (refused !== null) return refused
  if (wish === 'cpu') return found.length > 0 ? `the settings ask for it, although there is ${found.join(', ')}` : null
  if (wish !== 'auto') return `${wish} was asked for, and no card answers to it`
  return found.length > 0 ? `${found.join(', ')} could not be used` : null
}

function describe({ name, description }: Device): string {
  return description || name
}
