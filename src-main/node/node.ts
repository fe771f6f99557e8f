import type { Clock, Disposer } from '../../src-shared/clock'
import { EspalierError, messageOf } from '../../src-shared/errors'
import type { Hop, LostHop, RouteChange } from '../../src-shared/routing-trace'
import type { NodeStatus } from '../../src-shared/status'
import type { EngineProcess } from '../engine/engine'
import type { TokenizerReport } from '../engine/protocol'
import type { SamplingChoice } from '../engine/sampling'
import { keepsRecordsAlive } from '../network/profiles'
import { type GenerateOptions, type Generation, generate, type Vocabulary } from '../pipeline/generate'
import type { EventLog } from '../storage/event-log'
import { type ChatMessage, chatPrompt } from './chat-prompt'
import type { NodeConfig } from './config'
import { JSON_GRAMMAR, openConstraint } from './constraint'
import { noFacts, statusOf } from './facts'
import { createLifecycle } from './lifecycle'
import type { LoadedShard } from './loaded-shard'
import { refuseTooLong } from './prompt-room'
import { type NodeRooms, REAL_ROOMS } from './rooms'
import { offersOf } from './route-candidates'
import { startRuntime } from './runtime'
import type { Runtime } from './runtime-types'
import { createSteps } from './steps'
import { engineVocabulary } from './vocabulary'

export interface EspalierNode {
  /** Idempotent. Resolves when the node listens; everything after that shows in the status. */
  start(): Promise<void>
  /**
   * Idempotent. Takes leave (OFFLINE records, unregister), then releases every socket, timer and process. One that
   * `keepsPlace` stays registered: it comes back without its host being asked again.
   */
  stop(options?: { keepsPlace?: boolean }): Promise<void>
  status(): NodeStatus
  onStatus(listener: (status: NodeStatus) => void): Disposer
  /** What may be asked of it while it runs; null while it does not. */
  running(): RunningNode | null
  /** What it may be asked to generate with, now; null while it may not. */
  model(): GeneratingModel | null
  /** Where there is no model to ask with: NODE_STOPPED, NODE_NOT_READY or TOKENIZER_UNUSABLE. */
  whyNoModel(): EspalierError
  /** Runs a prompt through the network, ourselves included where the route wants it. */
  generate(request: GenerateRequest): Promise<Generation & { hops: Hop[]; lost: LostHop[] }>
}

export interface GeneratingModel {
  name: string
  /** Prompt and answer together. */
  contextTokens: number
  /** Whether the model says how a chat is written; otherwise it is written in plain words. */
  hasChatTemplate: boolean
}

export type RunningNode = Pick<
  Runtime,
  | 'target'
  | 'engineReport'
  | 'reapply'
  | 'readBack'
  | 'loadNow'
  | 'cancelLoad'
  | 'awaitLoad'
  | 'swarm'
  | 'links'
  | 'refreshView'
  | 'lanDiscovery'
  | 'sleep'
  | 'wake'
  | 'talk'
>

export interface GenerateRequest {
  /** Text as it is, or the messages of a chat. */
  prompt: string | readonly ChatMessage[]
  /** Null: as many as the context has room for. */
  maxTokens: number | null
  /** Absent: always the likeliest token. */
  sampling?: SamplingChoice
  /** The answer is one JSON object, unless the limit of tokens cuts it off. */
  format?: 'json' | undefined
  /** Comparable bit for bit with one process, at twice the bytes between nodes and never batched with other sessions. */
  exact?: boolean | undefined
  signal: AbortSignal
  onToken: GenerateOptions['onToken']
  /** The answer waits, or goes on, because a node of its route left. */
  onRouteChange?: ((change: RouteChange) => void) | undefined
}

export interface NodeDependencies {
  clock: Clock
  log: EventLog
  spawnEngine: () => EngineProcess
  rooms?: Partial<NodeRooms>
}

/** One node: lifecycle, status, and what its operator can do with it. */
export function createNode(config: NodeConfig, dependencies: NodeDependencies): EspalierNode {
  const { clock, log, spawnEngine } = dependencies
  if (!keepsRecordsAlive(config.profile.timings)) {
    throw new EspalierError('BAD_ARGUMENT', 'records must live for at least three announce intervals')
  }
  const rooms = { ...REAL_ROOMS, ...dependencies.rooms }
  const listeners = new Set<(status: NodeStatus) => void>()
  let revision = 0
  let facts = noFacts()
  let runtime: Runtime | null = null
  /** Of the engine and tokenizer that were asked with last. */
  let spoken: { engine: LoadedShard['engine']; tokenizer: TokenizerReport; vocabulary: Vocabulary } | null = null
  let keepsPlace = false

  const steps = createSteps(clock, changed)
  const snapshot = () => statusOf(config, facts, steps, revision, clock.now())

  function changed(): void {
    revision++
    if (listeners.size === 0) return
    const status = snapshot()
    for (const listener of listeners) listener(status)
  }

  const isStopped = () => facts.phase === 'stopped' || facts.phase === 'stopping'

  function whyNoModel(): EspalierError {
    if (isStopped()) return new EspalierError('NODE_STOPPED')
    const tokenizer = runtime?.shard?.tokenizer
    if (tokenizer instanceof EspalierError) return tokenizer
    return new EspalierError('NODE_NOT_READY', 'its own blocks are not loaded')
  }

  const lifecycle = createLifecycle({
    onPhase(phase) {
      facts.phase = phase
      log.write('info', `node.${phase}`, `the node is ${phase}`)
      changed()
    },
    async start(scope) {
      steps.reset()
      facts = { ...noFacts(), phase: facts.phase }
      keepsPlace = false
      runtime = await startRuntime({
        ...{ config, clock, log, rooms, steps, facts, spawnEngine, scope },
        keepsPlace: () => keepsPlace,
        onChange: changed,
      })
    },
    onReleaseError: (error) => log.write('error', 'node.release.failed', messageOf(error)),
  })

  return {
    start: () => lifecycle.start(),
    async stop(options) {
      keepsPlace = options?.keepsPlace ?? false
      await lifecycle.stop()
      runtime = null
      steps.reset()
    },
    status: snapshot,
    onStatus(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    running: () => (lifecycle.phase === 'running' ? runtime : null),
    model() {
      const shard = runtime?.shard
      if (!shard || shard.tokenizer instanceof EspalierError) return null
      const { contextTokens } = config
      return { name: shard.target.manifest.name, contextTokens, hasChatTemplate: shard.tokenizer.chatTemplate !== null }
    },
    whyNoModel,
    async generate(request) {
      const shard = runtime?.shard
      if (!runtime || !shard || shard.tokenizer instanceof EspalierError || isStopped()) throw whyNoModel()
      const { manifest } = shard.target
      refuseTooLong(request.prompt, config.contextTokens)
      const prompt =
        typeof request.prompt === 'string'
          ? request.prompt
          : await chatPrompt(shard.engine, shard.tokenizer, request.prompt, config.contextTokens)
      const { root, blockCount } = manifest
      const { router, refreshView, seen } = runtime
      const offers = async (isFresh: boolean) => offersOf((isFresh ? await refreshView() : seen()).spans)
      const routed = router.request({ root, blockCount, offers }, config.contextTokens, request.onRouteChange)
      const route = await routed.route(request.signal)
      const { maxTokens, sampling, signal, onToken } = request
      const { engine, tokenizer } = shard
      if (spoken?.engine !== engine || spoken.tokenizer !== tokenizer) {
        spoken = { engine, tokenizer, vocabulary: engineVocabulary(engine, tokenizer) }
      }
      const { vocabulary } = spoken
      const tokens = typeof prompt === 'string' ? await vocabulary.tokenize(prompt) : prompt
      const constraint =
        request.format === 'json' ? await openConstraint(shard.engine, JSON_GRAMMAR, sampling, tokens) : null
      try {
        const generation = await generate({
          ...{ pipeline: routed, vocabulary, clock, root, route, contextTokens: config.contextTokens },
          ...{ prompt: tokens, maxTokens, signal, onToken, exact: request.exact ?? false },
          ...(constraint ? { choose: constraint.choose } : sampling && { sampling }),
        })
        return { ...generation, ...routed.trace(generation) }
      } finally {
        await constraint?.close()
      }
    },
  }
}
