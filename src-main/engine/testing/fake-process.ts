import type { ChildExit } from '../../process/owned-child'
import type { EngineProcess } from '../engine'
import type { EngineReply, EngineRequest } from '../protocol'
import { decodeRun } from '../run-wire'

export interface FakeProcess extends EngineProcess {
  readonly sent: EngineRequest[]
  reply(message: EngineReply | Record<string, unknown>): void
  print(line: string): void
  end(exit?: Partial<ChildExit>): void
}

/** An engine process of which the test is the inside. `stop` and `kill` end it at once. */
export function fakeProcess(pid = 1): FakeProcess {
  const listeners = new Set<(message: unknown) => void>()
  const lineListeners = new Set<(line: string) => void>()
  const sent: EngineRequest[] = []
  const { promise: exited, resolve } = Promise.withResolvers<ChildExit>()
  let hasEnded = false
  const end = (exit: Partial<ChildExit> = {}) => {
    hasEnded = true
    resolve({ code: null, signal: null, ...exit })
  }
  return {
    pid,
    exited,
    sent,
    end,
    async stop() {
      end({ signal: 'SIGTERM' })
      return exited
    },
    kill: () => end({ signal: 'SIGKILL' }),
    send(message) {
      if (hasEnded) throw new Error('the process has ended')
      const run = message instanceof Uint8Array ? decodeRun(message) : null
      sent.push(run ? { id: run.id, op: 'run', input: run.batch } : (message as unknown as EngineRequest))
    },
    onMessage(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    onStdoutLine: () => () => undefined,
    onStderrLine(listener) {
      lineListeners.add(listener)
      return () => void lineListeners.delete(listener)
    },
    print(line) {
      for (const listener of lineListeners) listener(line)
    },
    reply(message) {
      for (const listener of listeners) listener(message)
    },
  }
}
