import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { z } from 'zod'

// A peer of another family as a child process: commands and answers as JSON, one a line.

const AnswerSchema = z.object({ id: z.number(), ok: z.unknown().optional(), error: z.string().optional() })
const START_WITHIN_MS = 60_000

export class PeerError extends Error {}

export interface LinePeer<Ready> {
  readonly ready: Ready
  /** @throws PeerError with the peer's words */
  ask<T>(op: string, answer: z.ZodType<T>, command?: object): Promise<T>
  stop(): Promise<void>
}

/** @param ready shape of the first line that the program prints */
export async function startLinePeer<Ready>(
  program: string,
  args: readonly string[],
  ready: z.ZodType<Ready>,
): Promise<LinePeer<Ready>> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const said: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => {
    said.push(line)
    if (said.length > 50) said.shift()
  })
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  const first = Promise.withResolvers<Ready>()
  let isReady = false
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!isReady) {
      isReady = true
      const parsed = ready.safeParse(JSON.parse(line))
      if (parsed.success) first.resolve(parsed.data)
      else first.reject(new PeerError(`${program} begins with ${line}`))
      return
    }
    const answer = AnswerSchema.safeParse(JSON.parse(line))
    if (!answer.success) return
    const { id, ok, error } = answer.data
    const call = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) call?.resolve(ok)
    else call?.reject(new PeerError(error))
  })
  const ended = new Promise<void>((resolve) => {
    const end = (why: string) => {
      const error = new PeerError(`${program}: ${why}\n${said.join('\n')}`)
      first.reject(error)
      for (const { reject } of waiting.values()) reject(error)
      waiting.clear()
      resolve()
    }
    child.once('error', (error) => end(error.message))
    child.once('exit', (code, signal) => end(`ended with ${code ?? signal}`))
  })
  const timer = setTimeout(() => child.kill(), START_WITHIN_MS)
  let lastId = 0
  try {
    return {
      ready: await first.promise,
      async ask(op, answer, command = {}) {
        const id = ++lastId
        const call = Promise.withResolvers<unknown>()
        waiting.set(id, call)
        child.stdin.write(`${JSON.stringify({ ...command, id, op })}\n`)
        return answer.parse(await call.promise)
      },
      stop: () => stop(child, ended),
    }
  } finally {
    clearTimeout(timer)
  }
}

/** The end of its input ends such a program; one that does not end is killed. */
async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.stdin?.end()
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await ended
  clearTimeout(timer)
}
