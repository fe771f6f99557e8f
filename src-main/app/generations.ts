import { randomBytes } from 'node:crypto'
import type { EventPayload, MethodHandlers } from '../../src-shared/contract'
import { EspalierError, reportOf } from '../../src-shared/errors'
import type { EspalierNode } from '../node/node'
import type { EventLog } from '../storage/event-log'

export interface GenerationListener {
  onToken(payload: EventPayload<'generate.token'>): void
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

  async function run(generationId: string, prompt: string, maxTokens: number, signal: AbortSignal): Promise<void> {
    let tokens = 0
    const end = (result: Pick<EventPayload<'generate.end'>, 'error' | 'tokensPerSecond' | 'hops' | 'lost'>) =>
      tell.onEnd({ generationId, tokens, ...result })
    try {
      const current = node()
      if (!current) throw new EspalierError('NODE_STOPPED')
      const { tokensPerSecond, hops, lost } = await current.generate({
        prompt,
        maxTokens,
        signal,
        onToken({ text }) {
          tokens++
          if (text !== '') tell.onToken({ generationId, text })
        },
      })
      end({ error: null, tokensPerSecond, hops, lost })
    } catch (error) {
      end({ error: reportOf(error), tokensPerSecond: null, hops: [] })
    } finally {
      running.delete(generationId)
    }
  }

  return {
    'generate.start'({ prompt, maxTokens }) {
      const generationId = randomBytes(8).toString('hex')
      const controller = new AbortController()
      if (running.size >= MAX_GENERATIONS) running.values().next().value?.abort()
      running.set(generationId, controller)
      log.write('info', 'generate.start', `a generation of at most ${maxTokens} tokens`, { generationId })
      // The id is told first, and the end after it, also when there is nothing to run on.
      queueMicrotask(() => void run(generationId, prompt, maxTokens, controller.signal))
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
