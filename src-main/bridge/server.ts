import type { Clock, Disposer } from '../../src-shared/clock'
import { EVENTS, type EventPayload, METHODS, type MethodHandlers, type MethodInput } from '../../src-shared/contract'
import { type EventName, METHOD_NAMES, type MethodName, type Reply, type Scope } from '../../src-shared/contract-names'
import type { ErrorCode } from '../../src-shared/error-catalogue'
import { EspalierError, messageOf, reportOf } from '../../src-shared/errors'
import { type Conflater, createConflater, createTextJoiner } from './conflate'
import { emptyRefusalCounts, type RefusalCounts, type RefusalReason } from './refusals'

/** At most ten messages per second and topic, however fast the node changes. */
export const EVENT_INTERVAL_MS = 100
const MAX_TOKEN_TEXT_CHARS = 4096
/** Of these only the newest counts. */
const SNAPSHOT_EVENTS = ['status', 'settings', 'app', 'host'] as const satisfies readonly EventName[]

export type BridgeLog = (level: 'info' | 'warn' | 'error', message: string, fields?: Record<string, unknown>) => void

/** Receives every event that goes out, already validated. A carrier adds one. */
export type EventSink = (event: EventName, payload: unknown) => void

export interface BridgeServer {
  /** Never rejects and never carries a stack: what fails comes back as `{ok: false, error: {code, cause, action}}`. */
  dispatch(method: unknown, input: unknown, scopes: ReadonlySet<Scope>): Promise<Reply>
  /** Sends to all sinks, at most every 100 ms per topic: snapshots conflated, generated text joined, ends at once. */
  emit<E extends EventName>(event: E, payload: EventPayload<E>): void
  addSink(sink: EventSink): Disposer
  /** For carriers: what they refuse before it gets here is counted in the same place. */
  countRefused(reason: RefusalReason): void
  readonly refused: Readonly<RefusalCounts>
  /** Delivers what is still held back, then nothing more. */
  dispose(): void
}

export interface BridgeServerOptions {
  handlers: MethodHandlers
  log: BridgeLog
  clock: Clock
}

/** Knows the contract and nothing of sockets or windows: validation, scopes and error shaping live here, once. */
export function createBridgeServer({ handlers, log, clock }: BridgeServerOptions): BridgeServer {
  const sinks = new Set<EventSink>()
  const refused = emptyRefusalCounts()

  const refuse = (reason: RefusalReason, code: ErrorCode, detail?: string): Reply => {
    refused[reason] += 1
    return { ok: false, error: new EspalierError(code, detail).report() }
  }

  const deliver = (event: EventName, payload: unknown) => {
    const checked = EVENTS[event].safeParse(payload)
    if (!checked.success) {
      refused['bad-output'] += 1
      log('error', 'An event does not fit the contract and was not sent', { event, issues: issuesOf(checked.error) })
      return
    }
    for (const sink of sinks) {
      try {
        sink(event, checked.data)
      } catch (error) {
        log('error', 'A carrier failed to send an event', { event, error: messageOf(error) })
      }
    }
  }
  const snapshots = new Map<EventName, Conflater<unknown>>(
    SNAPSHOT_EVENTS.map((event) => [
      event,
      createConflater<unknown>(clock, EVENT_INTERVAL_MS, (snapshot) => deliver(event, snapshot)),
    ]),
  )
  const tokens = createTextJoiner(clock, EVENT_INTERVAL_MS, MAX_TOKEN_TEXT_CHARS, (generationId, text) =>
    deliver('generate.token', { generationId, text }),
  )

  return {
    async dispatch(method, input, scopes) {
      if (!isMethodName(method)) return refuse('unknown-method', 'BRIDGE_UNKNOWN_METHOD')
      const spec = METHODS[method]
      if (!scopes.has(spec.scope)) return refuse('forbidden', 'BRIDGE_FORBIDDEN', method)
      const checkedInput = spec.input.safeParse(input)
      if (!checkedInput.success) return refuse('bad-input', 'BRIDGE_BAD_INPUT', issuesOf(checkedInput.error))
      try {
        const output = await callHandler(handlers, method, checkedInput.data)
        const checkedOutput = spec.output.safeParse(output)
        if (checkedOutput.success) return { ok: true, value: checkedOutput.data }
        log('error', 'A reply does not fit the contract', { method, issues: issuesOf(checkedOutput.error) })
        return refuse('bad-output', 'INTERNAL', `the answer to ${method} does not fit the contract`)
      } catch (error) {
        const report = reportOf(error)
        log(report.code === 'INTERNAL' ? 'error' : 'info', 'A call failed', { method, code: report.code, error })
        return { ok: false, error: report }
      }
    },
    emit(event, payload) {
      const snapshot = snapshots.get(event)
      if (snapshot) return snapshot.push(payload)
      if (event === 'generate.token') {
        const { generationId, text } = payload as EventPayload<'generate.token'>
        return tokens.push(generationId, text)
      }
      // The end of an answer comes after all of its text. Other topics do not hurry it: each has its own pace.
      if (event.startsWith('generate.')) tokens.flush()
      deliver(event, payload)
    },
    addSink(sink) {
      sinks.add(sink)
      return () => void sinks.delete(sink)
    },
    countRefused(reason) {
      refused[reason] += 1
    },
    refused,
    dispose() {
      for (const snapshot of snapshots.values()) snapshot.dispose()
      tokens.dispose()
      sinks.clear()
    },
  }
}

function isMethodName(method: unknown): method is MethodName {
  return typeof method === 'string' && (METHOD_NAMES as readonly string[]).includes(method)
}

/** The schema of `method` has just accepted `input`; the compiler cannot follow that link through a union. */
function callHandler(handlers: MethodHandlers, method: MethodName, input: unknown): unknown {
  const handler = handlers[method] as (input: MethodInput<MethodName>) => unknown
  return handler(input as MethodInput<MethodName>)
}

/** Paths and messages only, never values: an input may hold a secret. */
function issuesOf(error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] }): string {
  const lines = error.issues.map(({ path, message }) => `${path.map(String).join('.') || 'input'}: ${message}`)
  return lines.join('; ').slice(0, 300)
}
