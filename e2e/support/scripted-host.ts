import { createBridgeServer } from '../../src-main/bridge/server'
import { startWebCarrier, type WebCarrier } from '../../src-main/bridge/web-carrier'
import { systemClock } from '../../src-shared/clock'
import type { Hop, MethodHandlers } from '../../src-shared/contract'
import { EspalierError } from '../../src-shared/errors'
import type { NodeStatus } from '../../src-shared/status'
import { RENDERER_DIR } from './build-renderer'
import { PEERS, stoppedStatus } from './status-fixtures'

export const OPERATOR_TOKEN = 'operator-token-of-the-page-tests'
export const READ_TOKEN = 'read-only-token-of-the-page-tests'

type MakeStatus = (at: number) => NodeStatus

export const HOPS: Hop[] = [
  { peerId: PEERS.walnut, blocks: { start: 0, end: 4 }, computeMs: 2.1 },
  { peerId: PEERS.self, blocks: { start: 4, end: 8 }, computeMs: 3.4 },
]

const WORDS =
  ', n. One who trains a tree along a lattice and then asks why it will not grow in a straight line. See also'.split(
    /(?= )/,
  )

/** A host behind a real carrier and a real socket; only what it says is a script. */
export class ScriptedHost {
  private readonly generations = new Map<string, { timer: NodeJS.Timeout; cancel: () => void }>()
  private revision = 0
  private status: NodeStatus = stoppedStatus(Date.now())
  private nextGeneration = 1
  private readonly log: string[] = []
  /** What `node.start` and `node.stop` do; a test replaces them. */
  onStart: () => void = () => undefined
  onStop: () => void = () => undefined
  tokenIntervalMs = 20

  private readonly handlers: MethodHandlers = {
    'status.get': () => this.status,
    'node.start': () => {
      this.onStart()
      return {}
    },
    'node.stop': () => {
      this.onStop()
      return {}
    },
    'generate.start': ({ prompt, maxTokens }) => {
      if (prompt.includes('too long')) throw new EspalierError('PROMPT_TOO_LONG', '3,000 tokens, at most 512 fit')
      return { generationId: this.generate(maxTokens) }
    },
    'generate.cancel': ({ generationId }) => {
      this.generations.get(generationId)?.cancel()
      return {}
    },
  }
  readonly server = createBridgeServer({
    handlers: this.handlers,
    clock: systemClock,
    log: (_level, message) => this.log.push(message),
  })

  private constructor(private readonly makeCarrier: () => Promise<WebCarrier>) {}
  carrier!: WebCarrier

  static async start(port = 0): Promise<ScriptedHost> {
    const host: ScriptedHost = new ScriptedHost(() =>
      startWebCarrier({
        server: host.server,
        rootDir: RENDERER_DIR,
        operatorToken: OPERATOR_TOKEN,
        readToken: READ_TOKEN,
        port,
        clock: systemClock,
        log: (_level, message) => host.log.push(message),
      }),
    )
    host.carrier = await host.makeCarrier()
    return host
  }

  get url(): string {
    return this.carrier.operatorUrl
  }

  say(make: MakeStatus): void {
    this.revision += 1
    this.status = { ...make(Date.now()), revision: this.revision }
    this.server.emit('status', this.status)
  }

  /** Goes away without a word, as a host that crashes does. */
  async stop(): Promise<void> {
    for (const { timer } of this.generations.values()) clearInterval(timer)
    await this.carrier.close()
    this.server.dispose()
  }

  private generate(maxTokens: number): string {
    const generationId = `g${this.nextGeneration++}`
    let tokens = 0
    const finish = (error: EspalierError | null) => {
      clearInterval(timer)
      this.generations.delete(generationId)
      this.server.emit('generate.end', {
        generationId,
        error: error?.report() ?? null,
        tokens,
        tokensPerSecond: tokens > 1 ? 18.6 : null,
        hops: HOPS,
      })
    }
    const timer = setInterval(() => {
      this.server.emit('generate.token', { generationId, text: WORDS[tokens % WORDS.length] ?? '' })
      tokens += 1
      if (tokens === maxTokens) finish(null)
    }, this.tokenIntervalMs)
    this.generations.set(generationId, { timer, cancel: () => finish(new EspalierError('CANCELLED')) })
    return generationId
  }
}
