import { encodeFrame, type Frame } from '../../src-main/pipeline/frames'

const LENGTH_BYTES = 4
const SESSION = '00'.repeat(16)

/** Bytes of the messages that carry one token through a chain: to the first node, from node to node, and back. */
export function hopSizes(stages: number, embeddingLength: number): number[] {
  const step = { type: 'step', session: SESSION, position: 0, rows: 1, wantsAnswer: true } as const
  const frames = Array.from({ length: stages + 1 }, (_, hop): Frame => {
    const computeMs = new Array<number>(hop).fill(0)
    if (hop === 0) return { ...step, computeMs, input: { tokens: new Int32Array(1) } }
    if (hop === stages) return { type: 'result', session: SESSION, position: 0, token: 0, computeMs, logits: null }
    return { ...step, computeMs, input: { hidden: new Float32Array(embeddingLength) } }
  })
  return frames.map((frame) => encodeFrame(frame).reduce((sum, part) => sum + part.byteLength, LENGTH_BYTES))
}
