import { randomBytes } from 'node:crypto'
import type { EventPayload, MethodHandlers } from '../../src-shared/contract'
import { EspalierError, reportOf } from '../../src-shared/errors'
import type { GenerateStart, SamplingWish } from '../../src-shared/generation'
import { generateText } from '../api/answer'
import { PLAIN_SAMPLING, type SamplingChoice } from '../engine/sampling'
import type { EspalierNode } from '../node/node'
import type { EventLog } from '../storage/event-log'

export interface GenerationListener {
  onToken(payload: EventPayload<'generate.token'>): void
  onRoute(payload: EventPayload<'generate.route'>): void
  onEnd(payload: EventPayload<'generate.end'>): void
}

const MAX_GENERATIONS = 4

/** Answers that run on the current node; each has an id by which its text and its end are told. */
export function createGenerations(
  node: () => EspalierNode | null,
  log: EventLog,
  tell: GenerationListener,
): Pick<MethodHandlers, 'generate.start' | 'generate.cancel'> & { cancelAll(): void } {
  const running = new Map<string, AbortController>()

  async function run(generationId: string, wish: GenerateStart, signal: AbortSignal): Promise<void> {
    let tokens = 0
    const sampling = wish.sampling && samplingOf(wish.sampling)
    const end = (result: Pick<EventPayload<'generate.end'>, 'error' | 'tokensPerSecond' | 'hops' | 'lost'>) =>
      tell.onEnd({
        generationId,
        tokens,
        ...(sampling && sampling.temperature > 0 && { seed: sampling.seed }),
        ...result,
      })
    try {
      const current = node()
      if (!current) throw new EspalierError('NODE_STOPPED')
      const ask = { prompt: wish.prompt, maxTokens: wish.maxTokens, sampling, stops: [] }
      const { tokensPerSecond, hops, lost } = await generateText(current, ask, {
        signal,
        onText: (text) => tell.onToken({ generationId, text }),
        onToken: () => tokens++,
        onRouteChange: (change) => tell.onRoute({ generationId, ...change }),
      })
      end({ error: null, tokensPerSecond, hops, lost })
    } catch (error) {
      end({ error: reportOf(error), tokensPerSecond: null, hops: [] })
    } finally {
      running.delete(generationId)
    }
  }

  return {
    'generate.start'(wish) {
      if (running.size >= MAX_GENERATIONS)
        throw new EspalierError('SESSION_LIMIT', `${running.size} answers are being written here`)
      const generationId = randomBytes(8).toString('hex')
      const controller = new AbortController()
      running.set(generationId, controller)
      log.write('info', 'generate.start', `a generation of at most ${wish.maxTokens} tokens`, { generationId })
      // The id is told first, and the end after it, also when there is nothing to run on.
      queueMicrotask(() => void run(generationId, wish, controller.signal))
      return { generationId }
    },
    'generate.cancel'({ generationId }) {
      running.get(generationId)?.abort()
      return {}
    },
    cancelAll() {
      for (const controller of running.values()) controller.abort()
    },
  }
}

/** Undefined for the likeliest word each time, which needs no draw. */
function samplingOf({ seed, ...wish }: SamplingWish): SamplingChoice | undefined {
  const chosen = Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined))
  const choice = { ...PLAIN_SAMPLING, ...chosen, seed: seed ?? randomBytes(4).readUInt32LE() }
  return choice.temperature === 0 && choice.repeatPenalty === 1 ? undefined : choice
}
