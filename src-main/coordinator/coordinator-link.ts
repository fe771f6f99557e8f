import type { Clock } from '../../src-shared/clock'
import { type ErrorReport, EspalierError, isErrorCode, reportOf } from '../../src-shared/errors'
import type { Evidence } from '../../src-shared/status'
import type { CoordinatorApi } from './coordinator-api'
import { wasNeverSent } from './coordinator-http'
import type { WorkerAnswer, WorkerRegistration } from './coordinator-wire'
import { eventsOfAnswer, type LinkEvent } from './link-events'
import { dueSignOffs, type LinkMemory, type LinkStore, memoryFor, oweSignOff, settleSignOff } from './link-memory'
import { attemptTimeoutMs, beatDelayMs, retryDelayMs } from './link-schedule'
import { continueAfter, countRequest, countTokens, dispatch, settle, takeBack } from './token-ledger'
import { isFinalRefusal, isIn, isInviteSpent, isOtherNetwork, networkIdIn, registeredIn } from './way-back'
import type { WorkerState } from './worker-state'
import { type Assignment, INITIAL_WORKER_STATE, nextWorkerState, verdictOf, type WorkerEvent } from './worker-state'

export interface CoordinatorLinkOptions {
  api: CoordinatorApi
  clock: Clock
  store: LinkStore
  /** Asked for at every registration, so that new addresses are told. The id must not change. */
  registration: () => Omit<WorkerRegistration, 'x_reapply'>
  /** The network that the registration's invite is for: being in another one before does not keep us out of it. */
  invitedTo?: string | null
  /** Until the coordinator names its own. */
  heartbeatIntervalMs: number
  /** Called in order, one at a time; must not throw. */
  onEvent: (event: LinkEvent) => void
  /** For sign-offs that other coordinators have not heard. Without it they are kept. */
  apiFor?: (baseUrl: string) => CoordinatorApi | null
  /** For the jitter; a number in [0, 1). */
  random?: () => number
}

export interface CoordinatorLink {
  /** Begins health check, registration and heartbeats in the background. Rejects when the memory can't be read. */
  start(): Promise<void>
  /**
   * Ends heartbeats and signs off (at most 2 s), unless told to keep the registration for a restart. A
   * rejected worker does not sign off: that would erase the rejection. Never rejects; resolves to whether the
   * coordinator no longer has us.
   */
  stop(options?: { unregister?: boolean }): Promise<boolean>
  /** The coordinator has something for us: the next heartbeat goes out at once. */
  askNow(): void
  /** A person asks to be considered again after a rejection or a refusal, or wants into the network that is here now. */
  reapply(): void
  /** `online`: `loaded` is loaded and proven. `joining`: nothing is. The coordinator hears it at once. */
  setStatus(status: 'online', loaded: Assignment): void
  setStatus(status: 'joining'): void
  /** Tokens served since the last call. Counted from `start` on. */
  reportTokens(tokens: number): void
  /** One more request was answered. */
  reportRequest(): void
  state(): WorkerState
}

const UNREGISTER_BUDGET_MS = 2_000

export function createCoordinatorLink(options: CoordinatorLinkOptions): CoordinatorLink {
  const { api, clock, store } = options
  const random = options.random ?? Math.random
  let state = INITIAL_WORKER_STATE
  let memory: LinkMemory = memoryFor(null, api.baseUrl, options.registration().worker_id)
  let savedMemory = ''
  let intervalMs = options.heartbeatIntervalMs
  let offlineAfterMs = 2 * intervalMs
  let lastAnswerAt = clock.now()
  let peers = ''
  let modelName: string | null = null
  let isKnownThere = false
  let isReapplying = false
  let sendsInvite = true
  /** Another network at the address: told once, and joined when a person has said so. */
  let other: { networkId: string | null; isAccepted: boolean } | null = null
  let running: { abort: AbortController; ended: Promise<void> } | null = null
  /** Ends the current pause. A wish that comes between pauses is kept. */
  let endPause: (() => void) | null = null
  let isInHurry = false

  const emit = options.onEvent

  function move(event: WorkerEvent): void {
    const before = state.name
    state = nextWorkerState(state, event)
    if (state.name !== before) hurry()
  }

  function hurry(): void {
    isInHurry = true
    endPause?.()
  }

  async function remember(): Promise<void> {
    const saved = await store.load()
    memory = memoryFor(saved, api.baseUrl, memory.workerId)
    savedMemory = JSON.stringify(saved)
    // Whether the delta arrived before the crash is unknown; see `beat`.
    if (!memory.knowsSeq) memory = { ...memory, ledger: settle(memory.ledger) }
    lastAnswerAt = clock.now()
    peers = ''
    state = nextWorkerState(state, { type: 'start' })
  }

  async function save(): Promise<void> {
    memory = { ...memory, state: state.name, assignment: state.assignment }
    const text = JSON.stringify(memory)
    if (text === savedMemory) return
    try {
      await store.save(memory)
      savedMemory = text
    } catch (error) {
      emit({ type: 'memory-failed', report: reportOf(error) })
    }
  }

  /** `delayMs` null waits until somebody is in a hurry. */
  function pause(delayMs: number | null): Promise<void> {
    return new Promise((resolve) => {
      if (isInHurry) return resolve()
      const cancel = delayMs === null ? null : clock.after(delayMs, () => endPause?.())
      endPause = () => {
        endPause = null
        cancel?.()
        resolve()
      }
    })
  }

  function apply(answer: WorkerAnswer, evidence: Evidence): void {
    modelName = answer.modelName ?? modelName
    if (answer.range && modelName === null) {
      throw new EspalierError('COORDINATOR_NOT_ONE', 'it assigns blocks without naming a model')
    }
    const assignment = answer.range && modelName !== null ? { model: modelName, range: answer.range } : null
    intervalMs = answer.heartbeatIntervalMs ?? intervalMs
    offlineAfterMs = answer.offlineAfterMs ?? 2 * intervalMs
    lastAnswerAt = evidence.at
    const before = state
    state = nextWorkerState(state, { type: 'verdict', verdict: verdictOf({ ...answer, assignment }) })
    if (isIn(state)) memory = { ...memory, wasIn: true }
    for (const event of eventsOfAnswer(before, state, answer, evidence)) emit(event)
    const peerList = JSON.stringify(answer.initialPeers)
    if (answer.initialPeers && peerList !== peers) {
      peers = peerList
      emit({ type: 'initial-peers', peers: answer.initialPeers, evidence })
    }
  }

  /** Throws NETWORK_REPLACED where the node was in another network at this address, and nobody wants it in this one. */
  function requireNetwork(found: string | null, isDemo: boolean): void {
    if (!isOtherNetwork(memory, found)) {
      other = null
      return
    }
    if (other?.networkId !== found) {
      other = { networkId: found, isAccepted: false }
      emit({ type: 'other-network', known: memory.networkId, found })
    }
    const isInvited = found !== null && options.invitedTo === found
    // Demo networks are made anew each time, and nothing real can happen in them.
    if (memory.wasIn && !isInvited && !isDemo && !other?.isAccepted) throw new EspalierError('NETWORK_REPLACED')
  }

  async function register(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const health = await api.health({ signal })
    const body = { ...options.registration(), ...(isReapplying ? { x_reapply: true } : {}) }
    if (!sendsInvite) delete body.x_invite
    // Somebody else's coordinator would not know the flag and take simulated work for real.
    if (body.x_demo && health.value.x_demo !== true) {
      throw new EspalierError('DEMO_CONFINED', `${api.baseUrl} is not a demo coordinator`)
    }
    const networkId = networkIdIn(health.value)
    requireNetwork(networkId, body.x_demo === true)
    const { value, evidence } = await api.register(body, { timeoutMs, signal })
    isKnownThere = true
    isReapplying = false
    sendsInvite = true
    other = null
    memory = { ...settleSignOff(memory, memory), ...registeredIn(memory, networkId) }
    memory = { ...memory, knowsSeq: value.lastSeq !== null, ledger: continueAfter(memory.ledger, value.lastSeq ?? 0) }
    emit({ type: 'registered', status: value.status, isDemo: value.isDemo, evidence })
    apply(value, evidence)
  }

  async function beat(timeoutMs: number, signal: AbortSignal): Promise<Evidence & { status: string }> {
    memory = { ...memory, ledger: dispatch(memory.ledger) }
    const delta = memory.ledger.inFlight
    // On disk before it is on the wire: after a crash it goes out again under the same number.
    if (delta) await save()
    try {
      const { value, evidence } = await api.heartbeat(
        {
          worker_id: memory.workerId,
          tokens_served_since_last: delta?.tokens ?? 0,
          status: state.name === 'approved_loading' ? 'joining' : state.name,
          ...(delta ? { x_seq: delta.seq } : {}),
          ...(delta && delta.requests > 0 ? { x_requests_served_since_last: delta.requests } : {}),
        },
        { timeoutMs, signal },
      )
      memory = { ...memory, ledger: settle(memory.ledger) }
      apply(value, evidence)
      return { ...evidence, status: value.status }
    } catch (error) {
      // A coordinator without sequence numbers may have counted what it did not confirm; telling it again
      // could count twice. Losing a count is the lesser evil.
      if (!memory.knowsSeq) {
        const isUncounted = wasNeverSent(error) || isErrorCode(error, 'COORDINATOR_UNKNOWN_WORKER')
        memory = { ...memory, ledger: isUncounted ? takeBack(memory.ledger) : settle(memory.ledger) }
      }
      throw error
    }
  }

  /** Side by side with everything else, once a start: what another coordinator answers changes nothing here. */
  async function signOffElsewhere(): Promise<void> {
    const { apiFor } = options
    if (!apiFor) return
    for (const owed of dueSignOffs(memory, clock.now())) {
      try {
        await apiFor(owed.baseUrl)?.unregister(owed.workerId, { timeoutMs: UNREGISTER_BUDGET_MS })
      } catch (error) {
        // One that does not answer may be asked at the next start; a refusal would be the same then.
        if (isErrorCode(error, 'COORDINATOR_UNREACHABLE')) continue
      }
      memory = settleSignOff(memory, owed)
    }
  }

  function reportFailure(report: ErrorReport, isRegistering: boolean, retryAt: number | null): void {
    if (isRegistering || retryAt === null) emit({ type: 'register-failed', report, retryAt })
    else emit({ type: 'heartbeat-failed', report, retryAt, deadlineAt: lastAnswerAt + offlineAfterMs })
  }

  async function run(signal: AbortSignal): Promise<void> {
    let failures = 0
    while (!signal.aborted) {
      isInHurry = false
      const startedAt = clock.monotonicMs()
      const waitOf = (delayMs: number) => Math.max(0, startedAt + delayMs - clock.monotonicMs())
      const isRegistering = state.name === 'registering'
      let waitMs: number | null
      try {
        const timeoutMs = attemptTimeoutMs(intervalMs, failures)
        if (isRegistering) {
          await register(timeoutMs, signal)
          waitMs = waitOf(beatDelayMs(intervalMs, random))
        } else {
          const { status, ...evidence } = await beat(timeoutMs, signal)
          waitMs = waitOf(beatDelayMs(intervalMs, random))
          emit({ type: 'heartbeat-ok', at: evidence.at, status, nextAt: clock.now() + waitMs, evidence })
        }
        failures = 0
        if (state.name === 'rejected') waitMs = null
      } catch (error) {
        if (signal.aborted) break
        const report = reportOf(error)
        if (isErrorCode(error, 'COORDINATOR_UNKNOWN_WORKER')) {
          state = nextWorkerState(state, { type: 'unknown-worker' })
          emit({ type: 'forgotten', report })
          waitMs = 0
        } else {
          failures += 1
          if (isInviteSpent(report.code, memory)) sendsInvite = false
          const isFinal = isRegistering && isFinalRefusal(report.code, memory)
          waitMs = isFinal ? null : waitOf(retryDelayMs(intervalMs, failures, report.code))
          reportFailure(report, isRegistering, waitMs === null ? null : clock.now() + waitMs)
        }
      }
      await save()
      if (!signal.aborted) await pause(waitMs)
    }
  }

  return {
    async start() {
      if (running) return
      const abort = new AbortController()
      const remembering = remember()
      running = {
        abort,
        ended: remembering.then(
          () => {
            void signOffElsewhere()
            return run(abort.signal)
          },
          () => undefined,
        ),
      }
      try {
        await remembering
      } catch (error) {
        running = null
        throw error
      }
    },
    async stop({ unregister = true } = {}) {
      const mustSignOff = unregister && isKnownThere && state.name !== 'rejected'
      const ending = running
      running = null
      ending?.abort.abort()
      endPause?.()
      await ending?.ended.catch(() => undefined)
      state = nextWorkerState(state, { type: 'stop' })
      let isGone = false
      if (mustSignOff) {
        isGone = await api.unregister(memory.workerId, { timeoutMs: UNREGISTER_BUDGET_MS }).then(
          () => true,
          (error) => isErrorCode(error, 'COORDINATOR_UNKNOWN_WORKER'),
        )
        if (isGone) isKnownThere = false
        memory = isGone ? settleSignOff(memory, memory) : oweSignOff(memory, clock.now())
      }
      state = nextWorkerState(state, { type: 'stopped' })
      await save()
      return isGone
    },
    askNow: hurry,
    reapply() {
      isReapplying = state.name === 'rejected' || isReapplying
      if (other) other = { ...other, isAccepted: true }
      state = nextWorkerState(state, { type: 'reapply' })
      hurry()
    },
    setStatus(status: 'online' | 'joining', loaded?: Assignment) {
      move(status === 'online' && loaded ? { type: 'loaded', assignment: loaded } : { type: 'unloaded' })
    },
    reportTokens(tokens) {
      memory = { ...memory, ledger: countTokens(memory.ledger, tokens) }
    },
    reportRequest() {
      memory = { ...memory, ledger: countRequest(memory.ledger) }
    },
    state: () => state,
  }
}
