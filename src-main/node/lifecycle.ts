import { EspalierError } from '../../src-shared/errors'
import type { NodePhase } from '../../src-shared/status'

/** Everything that a running node owns, released in reverse order. */
export interface Scope {
  /** Adds something to release. Added after the end, it is released at once. */
  add(release: () => void | Promise<void>): void
  readonly signal: AbortSignal
}

/**
 * `stopped → starting → running → stopping → stopped`. `start` and `stop` may be called at any time and any number
 * of times: callers share the transition that is under way. A start that fails releases what it had acquired.
 */
export function createLifecycle(options: {
  onPhase(phase: NodePhase): void
  start(scope: Scope): Promise<void>
  onReleaseError(error: unknown): void
}) {
  let phase: NodePhase = 'stopped'
  let starting: Promise<void> | null = null
  let stopping: Promise<void> | null = null
  /** A stop that is asked for while a start waits for an earlier stop still wins. */
  let stopsAsked = 0
  let current: { scope: Scope; abort(): void; close(): Promise<void> } | null = null

  function enter(next: NodePhase): void {
    phase = next
    options.onPhase(next)
  }

  async function doStart(): Promise<void> {
    if (stopping !== null) {
      const asked = stopsAsked
      await stopping
      if (asked !== stopsAsked) throw new EspalierError('CANCELLED', 'the node stops')
    }
    enter('starting')
    current = openScope(options.onReleaseError)
    try {
      await options.start(current.scope)
      enter('running')
    } catch (error) {
      await release()
      throw error
    }
  }

  async function release(): Promise<void> {
    enter('stopping')
    const closing = current
    current = null
    await closing?.close()
    enter('stopped')
  }

  return {
    get phase() {
      return phase
    },
    start(): Promise<void> {
      // A stop that has just been asked for has not changed the phase yet.
      if (phase === 'running' && stopping === null) return Promise.resolve()
      starting ??= doStart().finally(() => {
        starting = null
      })
      return starting
    },
    stop(): Promise<void> {
      stopsAsked++
      if (phase === 'stopped' && !starting) return Promise.resolve()
      stopping ??= (async () => {
        // A start under way is told to give up, then awaited: two transitions never overlap.
        current?.abort()
        await starting?.catch(() => undefined)
        if (phase !== 'stopped') await release()
      })().finally(() => {
        stopping = null
      })
      return stopping
    },
  }
}

function openScope(onError: (error: unknown) => void) {
  const releases: (() => void | Promise<void>)[] = []
  const controller = new AbortController()
  let closed = false
  const abort = () => controller.abort(new EspalierError('CANCELLED', 'the node stops'))
  const run = async (release: () => void | Promise<void>) => {
    try {
      await release()
    } catch (error) {
      onError(error)
    }
  }
  const scope: Scope = {
    signal: controller.signal,
    add(release) {
      if (closed) void run(release)
      else releases.push(release)
    },
  }
  return {
    scope,
    abort,
    async close() {
      closed = true
      abort()
      for (const release of releases.toReversed()) await run(release)
    },
  }
}
