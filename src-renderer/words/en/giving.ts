import { counted } from '../counted'

/** What a computer has and gives, asked at the first run. */
export const GIVING = {
  thereIs: 'What there is',
  looking: 'Asking the system, and looking for graphics cards…',
  lookFailed: 'What there is could not be read',
  again: 'Try again',
  processor: 'Processor',
  cores: (name: string, cores: number) => [name, counted(cores, '# core', '# cores')].filter(Boolean).join(', '),
  memory: 'Memory',
  cards: 'Graphics card',
  noCard: 'none that could compute; the processor does it',
  card: (name: string, free: string, total: string) => `${name}, ${free} of ${total} free`,
  disk: 'Disk',
  free: (bytes: string) => `${bytes} free`,
  speed: 'Speed',
  timing: 'Timing the sample model…',
  notTimed: 'not timed',
  timingFailed: 'This computer could not be timed',
  timed: (rate: string, model: string, size: string, threads: number) =>
    `${rate} tokens/s with ${counted(threads, '# thread', '# threads')}, through the sample model ${model} of ${size}. Real models are far larger, and slower.`,
  title: 'What you give',
  memoryHint: 'What blocks and conversations may take. Half is usual: the computer stays yours.',
  partOf: (part: string, total: string) => `${part} of ${total}`,
  cardMemory: 'Graphics memory',
  cardMemoryHint: 'What blocks may take of the card that computes.',
  allFree: 'all that is free',
  threads: 'Threads',
  threadsHint: 'Cores that compute at once. One core less than there are is usual.',
  threadsOf: (threads: number, cores: number) => `${threads} of ${cores}`,
  allCores: (cores: number) => `all ${cores}: nothing else gets a core, and most computers get slower by it`,
  diskHint: 'Most that models may take. What is not needed any more makes room first.',
  capped: (bytes: string) => `at most ${bytes}`,
  noCap: (free: string) => `as much as there is: ${free}`,
}

/** What follows when somebody has pressed the last button of the first run. */
export const COMING = {
  title: 'What happens then',
  demo: 'Two more nodes and a coordinator start on this computer. The sample model lies here already: nothing is fetched, and nothing leaves this computer.',
  asked: 'The host is asked, and decides when it suits them. You can close this window meanwhile.',
  invited: 'The invite lets this computer in at once.',
  fetched: 'It is given blocks, fetches them, and checks every piece.',
  online: 'It loads them and computes a test. Only when the answer is right does it say that it is online.',
  unknown:
    'How much that is to fetch, this coordinator does not say before. You see it while it is fetched, and can stop it.',
  atMost: (blocks: number, all: number, bytes: string, whole: string | null) =>
    `With what you give, that is at most ${blocks} of ${counted(all, '# block', '# blocks')}, and ${bytes} to fetch${whole === null ? '' : ` of a model of ${whole}`}.`,
  noneFits: (bytes: string) => `One block is ${bytes}, more than you give. The host may have no use for this computer.`,
  tooMuch: 'The disk has no room for so much. Give more of it, or the host assigns what cannot be fetched.',
}
