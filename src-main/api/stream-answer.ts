import type { FastifyReply } from 'fastify'
import { EspalierError } from '../../src-shared/errors'
import { routeChangeWords } from '../../src-shared/routing-trace'
import type { Answer, AnswerEvents } from './answer'
import { apiErrorOf } from './openai-errors'
import type { ReplyForm } from './openai-replies'

/** What may wait for a client before it counts as gone. */
const MAX_WAITING_BYTES = 1024 * 1024

/**
 * Sends an answer as it grows, as server-sent events. Rejects while nothing has been sent, so that a failure still has
 * a status of its own; afterwards a failure is the last event. What happens to the route is told in comments, which
 * clients skip; a person who looks at the stream sees why it waits.
 */
export async function streamAnswer(options: {
  reply: FastifyReply
  form: ReplyForm
  withUsage: boolean
  answer(events: AnswerEvents): Promise<Answer>
}): Promise<void> {
  const { reply, form } = options
  const { raw } = reply
  let hasBegun = false
  /** Told when the stream begins: until then a failure is still a status. */
  let early = ''

  function send(event: unknown): void {
    if (event === null || raw.destroyed) return
    if (!hasBegun) {
      hasBegun = true
      reply.hijack()
      raw.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache',
        'x-accel-buffering': 'no',
      })
      if (early !== '') raw.write(early)
      send(form.opening())
    }
    raw.write(`data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`)
    if (raw.writableLength > MAX_WAITING_BYTES) raw.destroy(new EspalierError('TIMED_OUT', 'the client does not read'))
  }

  function comment(words: string): void {
    if (!hasBegun) early += `: ${words}\n\n`
    else if (!raw.destroyed) raw.write(`: ${words}\n\n`)
  }

  try {
    const answer = await options.answer({
      onText: (text) => send(form.part(text)),
      onRouteChange: (change) => comment(routeChangeWords(change)),
    })
    send(form.closing(answer))
    if (options.withUsage) send(form.usage(answer))
    send('[DONE]')
  } catch (error) {
    if (!hasBegun) throw error
    send(apiErrorOf(error).body)
  } finally {
    if (hasBegun) raw.end()
  }
}
