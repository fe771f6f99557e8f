import { EspalierError } from '../../../src-shared/errors'
import { ENGINE_OPS, type EngineInput, type EngineOp, type EngineOutput, errorToWire, RequestSchema } from '../protocol'
import { decodeRun, encodeRunResult } from '../run-wire'
import type { EngineChannel } from './channel'

/** One function per operation. `onProgress` takes a fraction 0..1 of the operation under way. */
export type EngineHandlers = {
  [O in EngineOp]: (
    input: EngineInput<O>,
    onProgress: (fraction: number) => void,
  ) => EngineOutput<O> | (O extends 'run' ? never : Promise<EngineOutput<O>>)
}

/** Answers requests one after the other, in their order. A request that cannot be read is not answered. */
export function serveEngine(channel: EngineChannel, handlers: EngineHandlers): void {
  let last: Promise<void> | null = null

  async function answer(message: unknown): Promise<void> {
    if (message instanceof Uint8Array) {
      answerRun(message)
      return
    }
    const request = RequestSchema.safeParse(message)
    // Without a readable id there is nobody to answer.
    if (!request.success) return
    const { id, op, input } = request.data
    try {
      channel.post({ id, value: await perform(handlers, op, input, (progress) => channel.post({ id, progress })) })
    } catch (error) {
      channel.post({ id, error: errorToWire(error) })
    }
  }

  /** Within the very call: what comes with every token is not put off to a later turn. */
  function answerRun(bytes: Uint8Array): void {
    const run = decodeRun(bytes)
    if (!run) return
    const { id, batch } = run
    try {
      const value = handlers.run(batch, () => undefined)
      channel.post(encodeRunResult(id, value) ?? { id, value })
    } catch (error) {
      channel.post({ id, error: errorToWire(error) })
    }
  }

  channel.onMessage((message) => {
    if (last === null && message instanceof Uint8Array) {
      answerRun(message)
      return
    }
    const previous = last
    const current = previous ? previous.then(() => answer(message)) : answer(message)
    last = current
    void current.finally(() => {
      if (last === current) last = null
    })
    return current
  })
}

function perform<O extends EngineOp>(
  handlers: EngineHandlers,
  op: O,
  input: unknown,
  onProgress: (fraction: number) => void,
): EngineOutput<O> | Promise<EngineOutput<O>> {
  const parsed = ENGINE_OPS[op].input.safeParse(input)
  if (!parsed.success) {
    const [first] = parsed.error.issues
    throw new EspalierError('BAD_ARGUMENT', `${op}: ${first?.path.join('.')} ${first?.message}`)
  }
  return handlers[op](parsed.data as EngineInput<O>, onProgress)
}
