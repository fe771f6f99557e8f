import type { Meter, MeterStage } from '../../../src-shared/meter'
import { counted } from '../counted'

export const METER = {
  title: 'What joining would change',
  lead: 'Measured now, as a guest: a short answer of the network, the ways to its nodes, and a few steps on this computer. Nothing is registered.',
  run: 'Measure',
  again: 'Measure again',
  stop: 'Stop',
  alone: 'This computer alone',
  now: 'The network now',
  together: 'Through this computer too',
  measured: 'measured',
  reckoned: 'reckoned from its parts',
  unknown: 'not known',
  unit: 'tokens/s',
  over: (nodes: number) => counted(nodes, 'measured, over # node', 'measured, over # nodes'),
  withBlocks: (blocks: string) => `reckoned from its parts, with blocks ${blocks}`,
}

export const METER_STAGE_WORDS: Readonly<Record<MeterStage, string>> = {
  network: 'Looking who serves the model…',
  answer: 'Timing an answer of the network…',
  computer: 'Timing this computer…',
}

export const METER_VERDICTS: Readonly<Record<Meter['verdict'], string>> = {
  completes: 'No answer can pass now. With this computer one can.',
  faster: 'An answer through this computer is faster than one is now.',
  same: 'An answer through this computer is about as fast as one is now.',
  slower:
    'An answer through this computer is slower than one is now. It still makes room for more conversations, and stands in when another node goes away.',
  unknown: 'What this computer would change is not known.',
}
