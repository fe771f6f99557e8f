import type { Step } from '../../src-shared/status'
import type { ObserverReport } from './demo-network'

/** What `--json` prints. */
export interface DemoReport {
  nodes: { peerId: string; blocks: [number, number]; loadLevel: string; steps: Step[] }[]
  observer: ObserverReport
  generation: {
    prompts: { prompt: string; text: string }[]
    tokens: number
    stages: number
    /** Median over the prompts. */
    tokensPerSecond: number
    identicalToSingleProcess: boolean
    maxLogitDifference: number
  }
  elapsedMs: number
}
