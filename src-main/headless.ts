import { randomBytes } from 'node:crypto'
import type { Clock } from '../src-shared/clock'
import type { MethodHandlers } from '../src-shared/contract'
import { type ErrorReport, reportOf } from '../src-shared/errors'
import { createBridgeServer } from './bridge/server'
import { startWebCarrier, type WebCarrier } from './bridge/web-carrier'
import type { EspalierNode } from './node/node'
import type { EventLog } from './storage/event-log'

export interface NodeUi {
  /** With the operator's token in its fragment: whoever has it may start, stop and generate. */
  readonly url: string
  readonly port: number
  readonly token: string
  close(): Promise<void>
}

const MAX_GENERATIONS = 4

/** What the page may ask of a node; the same for every carrier. */
export function nodeMethods(
  node: EspalierNode,
  log: EventLog,
  events: GenerationEvents,
): MethodHandlers & { cancelAll(): void } {
  const running = new Map<string, AbortController>()

  async function run(generationId: string, prompt: string, maxTokens: number, signal: AbortSignal): Promise<void> {
    let tokens = 0
    const end = (
      error: ErrorReport | null,
      tokensPerSecond: number | null,
      hops: Parameters<GenerationEvents['onEnd']>[0]['hops'],
    ) => events.onEnd({ generationId, error, tokens, tokensPerSecond, hops })
    try {
      const { tokensPerSecond, hops } = await node.generate({
        prompt,
        maxTokens,
        signal,
        onToken({ text }) {
          tokens++
          if (text !== '') events.onToken({ generationId, text })
        },
      })
      end(null, tokensPerSecond, hops)
    } catch (error) {
      end(reportOf(error), null, [])
    } finally {
      running.delete(generationId)
    }
  }

  return {
    'status.get': () => node.status(),
    async 'node.start'() {
      await node.start()
      return {}
    },
    async 'node.stop'() {
      await node.stop()
      return {}
    },
    'generate.start'({ prompt, maxTokens }) {
      const generationId = randomBytes(8).toString('hex')
      const controller = new AbortController()
      if (running.size >= MAX_GENERATIONS) running.values().next().value?.abort()
      running.set(generationId, controller)
      log.write('info', 'generate.start', `a generation of at most ${maxTokens} tokens`, { generationId })
      void run(generationId, prompt, maxTokens, controller.signal)
      return { generationId }
    },
    'generate.cancel'({ generationId }) {
      running.get(generationId)?.abort()
      return {}
    },
    cancelAll() {
      for (const controller of running.values()) controller.abort()
    },
  }
}

interface GenerationEvents {
  onToken(payload: { generationId: string; text: string }): void
  onEnd(payload: {
    generationId: string
    error: ErrorReport | null
    tokens: number
    tokensPerSecond: number | null
    hops: Awaited<ReturnType<EspalierNode['generate']>>['hops']
  }): void
}

/** Serves the page and the bridge of a node on loopback. */
export async function serveUi(options: {
  node: EspalierNode
  rootDir: string
  port: number
  clock: Clock
  log: EventLog
}): Promise<NodeUi> {
  const { node, clock, log } = options
  const token = randomBytes(24).toString('base64url')
  const handlers = nodeMethods(node, log, {
    onToken: (payload) => server.emit('generate.token', payload),
    onEnd: (payload) => server.emit('generate.end', payload),
  })
  const server = createBridgeServer({
    handlers,
    clock,
    log: (level, message, fields) => log.write(level, 'bridge', message, fields),
  })
  const stopListening = node.onStatus((status) => server.emit('status', status))
  const carrier: WebCarrier = await startWebCarrier({
    server,
    rootDir: options.rootDir,
    operatorToken: token,
    port: options.port,
    clock,
    log: (level, message, fields) => log.write(level, 'bridge.web', message, fields),
    health: () => healthOf(node),
  })
  return {
    url: carrier.operatorUrl,
    port: carrier.port,
    token,
    async close() {
      stopListening()
      handlers.cancelAll()
      server.dispose()
      await carrier.close()
    },
  }
}

/** 200 only while others see the node; otherwise 503 with the first step that is not done. */
function healthOf(node: EspalierNode): { status: number; body: unknown } {
  const { phase, shape, headline, steps } = node.status()
  const open = steps.find(({ state }) => state !== 'done')
  const isVisible = phase === 'running' && open === undefined
  const reason = open ? { step: open.name, state: open.state, code: open.blocker?.code ?? null } : null
  return { status: isVisible ? 200 : 503, body: { visible: isVisible, shape, headline, reason } }
}
