import type { ComputerTiming, ComputerView, LanView } from '../../src-shared/computer-view'

const GB = 1_000_000_000

/** A computer with a graphics card, of some years ago. */
export const COMPUTER: ComputerView = {
  processor: 'AMD Ryzen 7 5700G',
  cores: 16,
  memoryBytes: 33_600_000_000,
  usual: { threads: 15, memoryBytes: 16_800_000_000 },
  cards: [{ description: 'NVIDIA GeForce RTX 3060', totalBytes: 12 * GB, freeBytes: 11_200_000_000, isChosen: true }],
  missedGpu: null,
  disk: { directory: '/home/kim/.local/share/espalier/models', usedBytes: 0, freeBytes: 412 * GB },
}

/** One that has little, and whose card nobody could open. */
export const SMALL_COMPUTER: ComputerView = {
  ...COMPUTER,
  processor: 'Intel N100',
  cores: 4,
  memoryBytes: 8_200_000_000,
  usual: { threads: 3, memoryBytes: 4_100_000_000 },
  cards: [],
  missedGpu: 'Vulkan: no device answered',
  disk: { ...COMPUTER.disk, freeBytes: 900_000_000 },
}

export const TIMING: ComputerTiming = {
  modelName: 'Tiny-Jargon-8',
  sizeBytes: 10_400_000,
  tokensPerSecond: 1_284,
  threads: 15,
  at: 1_795_268_700_000,
}

export const LAN: LanView = {
  networks: [
    { url: 'http://192.168.1.17:8000', modelName: 'Llama 3.1 8B Instruct', isOwn: false },
    { url: 'http://192.168.1.40:8000', modelName: null, isOwn: false },
  ],
  trouble: null,
}
