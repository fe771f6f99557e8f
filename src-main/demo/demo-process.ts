import type { Disposer } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import type { ChildOptions, OwnedChild } from '../process/owned-child'

/** A part of the demo: a process that prints one JSON object a line. */
export interface DemoProcess {
  readonly name: string
  readonly child: OwnedChild
  onMessage(listener: (message: Record<string, unknown>) => void): Disposer
  /** The first message that `pick` turns into something. Rejects when the process ends or the signal aborts. */
  next<T>(pick: (message: Record<string, unknown>) => T | undefined, signal: AbortSignal): Promise<T>
  stop(): Promise<void>
}

const MAX_TROUBLE_LINES = 20
const STOP_GRACE_MS = 15_000

export function startDemoProcess(options: {
  name: string
  script: string
  args: string[]
  env: Record<string, string>
  cwd: string
  startScript: (options: ChildOptions) => OwnedChild
}): DemoProcess {
  const { name, script, args, env, cwd } = options
  // With a channel, by which the process notices when we are gone and ends too.
  const child = options.startScript({ script, args, env, cwd, ipc: true })
  const listeners = new Set<(message: Record<string, unknown>) => void>()
  const trouble: string[] = []
  const keep = (line: string) => {
    trouble.push(line)
    if (trouble.length > MAX_TROUBLE_LINES) trouble.shift()
  }
  child.onStderrLine(keep)
  child.onStdoutLine((line) => {
    const message = parse(line)
    if (!message) return keep(line)
    if (message.type === 'error') keep(line)
    for (const listener of listeners) listener(message)
  })
  return {
    name,
    child,
    onMessage(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    next(pick, signal) {
      return new Promise((resolve, reject) => {
        const listener = (message: Record<string, unknown>) => {
          const picked = pick(message)
          if (picked !== undefined) settle(() => resolve(picked))
        }
        const onAbort = () => settle(() => reject(signal.reason))
        const settle = (end: () => void) => {
          listeners.delete(listener)
          signal.removeEventListener('abort', onAbort)
          end()
        }
        listeners.add(listener)
        signal.addEventListener('abort', onAbort, { once: true })
        void child.exited.then(({ code, signal: killedBy }) =>
          settle(() =>
            reject(new EspalierError('DEMO_FAILED', `${name} ended (${killedBy ?? code}): ${trouble.join(' | ')}`)),
          ),
        )
      })
    },
    async stop() {
      await child.stop(STOP_GRACE_MS)
    },
  }
}

function parse(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}
