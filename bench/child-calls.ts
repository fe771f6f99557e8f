import { join } from 'node:path'
import * as z from 'zod'
import { appPaths } from '../src-main/app-paths'
import { startChild } from '../src-main/process/owned-child'
import { EspalierError, messageOf } from '../src-shared/errors'

/** What a process of a measurement can do. `close` is called once, before it ends. */
export interface Served {
  calls: Record<string, (input: unknown) => unknown>
  close(): Promise<void> | void
}

const CallSchema = z.object({ id: z.int(), name: z.string(), input: z.unknown() })
const AnswerSchema = z.union([
  z.object({ id: z.int(), value: z.unknown() }),
  z.object({ id: z.int(), error: z.string() }),
])
const MAX_TROUBLE_LINES = 5
const STOP_GRACE_MS = 10_000

/** The child's side. Ends with its parent. */
export function serveCalls({ calls, close }: Served): void {
  const end = () => void Promise.resolve(close()).finally(() => process.exit(0))
  process.once('SIGTERM', end)
  process.once('disconnect', end)
  // Ctrl-C reaches the whole group of processes; the parent ends us in order.
  process.on('SIGINT', () => undefined)
  const answer = async (message: unknown) => {
    const { id, name, input } = CallSchema.parse(message)
    try {
      const call = calls[name]
      if (!call) throw new Error(`no such call: ${name}`)
      process.send?.({ id, value: await call(input) })
    } catch (error) {
      process.send?.({ id, error: messageOf(error) })
    }
  }
  process.on('message', (message) => void answer(message))
}

export interface CalledChild {
  /** Rejects with what the child says, or with INTERNAL when it ends first. */
  call<T>(name: string, input: unknown, answer: z.ZodType<T>): Promise<T>
  stop(): Promise<void>
}

/** Starts one of the roles of node.ts in a process of its own. */
export function startCalledChild(role: string): CalledChild {
  const child = startChild({ script: join(appPaths().root, 'out/main/bench-node.js'), args: [role], ipc: true })
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  const trouble: string[] = []
  let nextId = 0
  // Read in any case: a process whose pipe is full stops at its next line.
  const keep = (line: string) => {
    trouble.push(line)
    if (trouble.length > MAX_TROUBLE_LINES) trouble.shift()
  }
  child.onStdoutLine(keep)
  child.onStderrLine(keep)
  child.onMessage((message) => {
    const answer = AnswerSchema.parse(message)
    const asked = waiting.get(answer.id)
    waiting.delete(answer.id)
    if ('error' in answer) asked?.reject(new EspalierError('INTERNAL', `${role}: ${answer.error}`))
    else asked?.resolve(answer.value)
  })
  void child.exited.then(({ code, signal }) => {
    for (const { reject } of waiting.values()) {
      reject(new EspalierError('INTERNAL', `${role} ended (${signal ?? code}): ${trouble.join(' | ')}`))
    }
  })
  return {
    async call(name, input, answer) {
      const id = nextId++
      const asked = Promise.withResolvers<unknown>()
      waiting.set(id, asked)
      child.send({ id, name, input })
      return answer.parse(await asked.promise)
    },
    async stop() {
      await child.stop(STOP_GRACE_MS)
    },
  }
}
