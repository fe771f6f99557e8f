import { type Row, rowOf } from '../../report'
import { median, spread, wander } from '../../statistics'
import { MAX_WANDER } from '../rows'
import type { DecodeRun } from '../settings'
import { PREFILL_TOKENS, type TimedPrefill } from '../sharing'
import type { AgainstRpc } from './measure-rpc'

interface Kind {
  name: string
  what(tokens: number): string
  /** Speeds of every repetition, and what came out. */
  of(runs: AgainstRpc['whole']): { speeds: number[]; outputs: string[] }
}

const KINDS: readonly Kind[] = [
  {
    name: 'vs-llama-rpc',
    what: (tokens) => `${tokens} tokens of decoding`,
    of: ({ decode }) => ({ speeds: decode.map(decodeSpeed), outputs: decode.map(({ answer }) => String(answer)) }),
  },
  {
    name: 'vs-llama-rpc-prefill',
    what: () => `a prompt of ${PREFILL_TOKENS} tokens, in one batch there, in overlapping chunks through our nodes`,
    of: ({ prefill }) => ({ speeds: prefill.map(prefillSpeed), outputs: prefill.map(({ token }) => String(token)) }),
  },
]

/**
 * Two of our nodes beside two of llama.cpp's workers: what share of one process's speed each of them keeps. That process
 * is the same for both in the first row of each kind. An RPC worker does without the weight layouts that a processor
 * likes best, so most of what it loses is not lost between computers: in the second row its share is that of a process
 * without them, or of the other one where that suits it better.
 */
export function rpcRows(measured: AgainstRpc): Row[] {
  return KINDS.flatMap(({ name, what, of }) => {
    const [whole, plain, ours, theirs] = [measured.whole, measured.plain, measured.ours, measured.theirs].map(of)
    if (!whole || !plain || !ours || !theirs) throw new Error('not measured')
    const wandered = Math.max(wander(whole.speeds), wander(plain.speeds))
    const isQuiet = wandered <= MAX_WANDER
    const isSame = ours.outputs.every((output) => output === whole.outputs[0])
    const reference = median(whole.speeds)
    const suiting = Math.min(reference, median(plain.speeds))
    const common = {
      ours: median(ours.speeds) / reference,
      referenceIs: "llama.cpp's RPC: one client, two workers of one thread on loopback, the same libraries and file",
      better: 'higher' as const,
    }
    const detail = [
      `${measured.model.name}, ${what(measured.tokens)}, ${whole.speeds.length} interleaved repetitions after a warm-up`,
      `tokens/s: one process ${spread(whole.speeds)}, two nodes ${spread(ours.speeds)}`,
      `one process without the processor's own weight layouts, which llama.cpp's RPC does without, ${spread(plain.speeds)}, llama.cpp's RPC ${spread(theirs.speeds)}`,
      `our tokens are ${isSame ? 'identical to' : 'DIFFERENT from'} one process's, theirs ${theirs.outputs.every((output) => output === plain.outputs[0]) ? 'to' : 'not to'} the other's`,
      ...(isQuiet ? [] : [`NOT A RESULT: one process itself wandered by ${Math.round(wandered * 100)} %`]),
    ].join('; ')
    const theirSpeed = median(theirs.speeds)
    return [
      rowOf(
        { ...common, name, reference: theirSpeed / reference, unit: 'of one process', target: 1, detail },
        isSame && isQuiet,
      ),
      rowOf(
        {
          ...common,
          name: `${name}-own-layout`,
          reference: theirSpeed / suiting,
          unit: 'of one process, theirs of one like its workers',
          target: null,
          detail: 'the same runs',
        },
        isSame && isQuiet,
      ),
    ]
  })
}

function decodeSpeed({ answer, elapsedMs }: DecodeRun): number {
  return ((answer.length - 1) * 1000) / elapsedMs
}

function prefillSpeed({ elapsedMs }: TimedPrefill): number {
  return (PREFILL_TOKENS * 1000) / elapsedMs
}
