import { EspalierError } from '../../../src-shared/errors'
import {
  ENGINE_OPS,
  type EngineInput,
  type EngineOp,
  type EngineOutput,
  errorToWire,
  plainRunBatch,
  RequestSchema,
} from '../protocol'
import type { EngineChannel } from './channel'

/** One function per operation. `onProgress` takes a fraction 0..1 of the operation under way. */
export type EngineHandlers = {
  [O in EngineOp]: (
    input: EngineInput<O>,
    onProgress: (fraction: number) => void,
  ) => EngineOutput<O> | Promise<EngineOutput<O>>
}

/** Answers requests one after the other, in their order. A request that cannot be read is not answered. */
export function serveEngine(channel: EngineChannel, handlers: EngineHandlers): void {
  let last: Promise<void> | null = null

  async function answer(message: unknown): Promise<void> {
    const request = plainRequest(message) ?? RequestSchema.safeParse(message)
    // Without a readable id there is nobody to answer.
    if (!request.success) return
    const { id, op, input } = request.data
    try {
      channel.post({ id, value: await perform(handlers, op, input, (progress) => channel.post({ id, progress })) })
    } catch (error) {
      channel.post({ id, error: errorToWire(error) })
    }
  }

  channel.onMessage((message) => {
    const previous = last
    const current = previous ? previous.then(() => answer(message)) : answer(message)
    last = current
    void current.finally(() => {
      if (last === current) last = null
    })
  })
}

/** The envelope of a `run`, which comes with every token; anything else goes to the schema. */
function plainRequest(message: unknown) {
  if (typeof message !== 'object' || message === null || !('op' in message) || message.op !== 'run') return null
  if (!('id' in message) || typeof message.id !== 'number' || !('input' in message)) return null
  if (!Number.isInteger(message.id) || message.id < 0 || Object.keys(message).length !== 3) return null
  return { success: true as const, data: { id: message.id, op: 'run' as const, input: message.input } }
}

function perform<O extends EngineOp>(
  handlers: EngineHandlers,
  op: O,
  input: unknown,
  onProgress: (fraction: number) => void,
): EngineOutput<O> | Promise<EngineOutput<O>> {
  const plain = op === 'run' ? plainRunBatch(input) : null
  if (plain) return handlers[op](plain as EngineInput<O>, onProgress)
  const parsed = ENGINE_OPS[op].input.safeParse(input)
  if (!parsed.success) {
    const [first] = parsed.error.issues
    throw new EspalierError('BAD_ARGUMENT', `${op}: ${first?.path.join('.')} ${first?.message}`)
  }
  return handlers[op](parsed.data as EngineInput<O>, onProgress)
}
