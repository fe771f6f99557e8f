import type { FastifyReply } from 'fastify'
import { EspalierError } from '../../src-shared/errors'
import type { Answer } from './answer'
import { apiErrorOf } from './openai-errors'
import type { ReplyForm } from './openai-replies'

/** What may wait for a client before it counts as gone. */
const MAX_WAITING_BYTES = 1024 * 1024

/**
 * Sends an answer as it grows, as server-sent events. Rejects while nothing has been sent, so that a failure still has
 * a status of its own; afterwards a failure is the last event.
 */
export async function streamAnswer(options: {
  reply: FastifyReply
  form: ReplyForm
  withUsage: boolean
  answer(onText: (text: string) => void): Promise<Answer>
}): Promise<void> {
  const { reply, form } = options
  const { raw } = reply
  let hasBegun = false

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
      send(form.opening())
    }
    raw.write(`data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`)
    if (raw.writableLength > MAX_WAITING_BYTES) raw.destroy(new EspalierError('TIMED_OUT', 'the client does not read'))
  }

  try {
    const answer = await options.answer((text) => send(form.part(text)))
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
