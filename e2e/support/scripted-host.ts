import { createBridgeServer } from '../../src-main/bridge/server'
import { startWebCarrier, type WebCarrier } from '../../src-main/bridge/web-carrier'
import type { AppView } from '../../src-shared/app-view'
import type { Check, LogLine, NetworkPreview, ShardView } from '../../src-shared/app-views'
import { systemClock } from '../../src-shared/clock'
import type { ComputerTiming, ComputerView, LanView } from '../../src-shared/computer-view'
import type { Hop, MethodHandlers, MethodInput } from '../../src-shared/contract'
import type { MethodName } from '../../src-shared/contract-names'
import type { WeekGiven } from '../../src-shared/contribution'
import { EspalierError } from '../../src-shared/errors'
import type { DiskView, FitView, TokenView } from '../../src-shared/file-views'
import type { HostStatus } from '../../src-shared/host-network'
import type { IdentityView } from '../../src-shared/identity-view'
import type { MeterEvent } from '../../src-shared/meter'
import type { NetworkTalk } from '../../src-shared/network-talk'
import type { LostHop, RouteChange } from '../../src-shared/routing-trace'
import type { Settings } from '../../src-shared/settings'
import type { NodeStatus } from '../../src-shared/status'
import { RENDERER_DIR } from './build-renderer'
import { COMPUTER, LAN, TIMING } from './computer-fixtures'
import { CATALOGUE, diagnosisOf, diskOf, FIT, NO_TOKEN } from './file-fixtures'
import { inviteOf, offHost } from './host-fixtures'
import { meterOf } from './meter-fixtures'
import { PEERS, stoppedStatus } from './status-fixtures'
import { appViewOf, BUNDLE, checksOf, IDENTITY, linesOf, PREVIEW, SETTINGS, SHARDS, TALK } from './view-fixtures'
import { weekOf } from './week-fixtures'

export const OPERATOR_TOKEN = 'operator-token-of-the-page-tests'
export const READ_TOKEN = 'read-only-token-of-the-page-tests'

type MakeStatus = (at: number) => NodeStatus

export const HOPS: Hop[] = [
  { peerId: PEERS.walnut, blocks: { start: 0, end: 4 }, computeMs: 2.1, score: 0.94, roundTripMs: 2.4 },
  { peerId: PEERS.self, blocks: { start: 4, end: 8 }, computeMs: 3.4, isSelf: true, score: 0.99, roundTripMs: 0 },
]

/** A node that an answer was led round. */
export const LOST: LostHop[] = [
  {
    ...{ peerId: PEERS.pear, blocks: { start: 0, end: 4 }, code: 'STAGE_LOST', pauseMs: 412 },
    cause: 'A node of the route went away: it ended the stream',
  },
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
  onReapply: () => void = () => undefined
  settings: Settings = SETTINGS
  shards: ShardView | null = SHARDS
  disk: DiskView = diskOf(Date.now())
  fit: FitView = FIT
  token: TokenView = NO_TOKEN
  identity: IdentityView = IDENTITY
  onPause: () => void = () => undefined
  onResume: () => void = () => undefined
  onAwait: () => void = () => undefined
  onCancel: () => void = () => undefined
  onLoad: () => void = () => undefined
  preview: NetworkPreview = PREVIEW
  computer: ComputerView = COMPUTER
  timing: ComputerTiming = TIMING
  lan: LanView = LAN
  /** How the meter ends; null: it never does. */
  meter: MeterEvent['outcome'] | null = { kind: 'done', meter: meterOf('Llama 3.1 8B Instruct') }
  hosted: HostStatus = offHost(Date.now())
  onHostStart: (choice: MethodInput<'host.start'>) => void = () => undefined
  onHostLoad: (choice: MethodInput<'host.load'>) => void = () => undefined
  onHostDecide: (choice: MethodInput<'host.decide'>) => void = () => undefined
  view: AppView = appViewOf(Date.now())
  makeChecks: (at: number) => Check[] = checksOf
  talk: NetworkTalk | null = TALK
  week: WeekGiven = weekOf(Date.now())
  logLines: LogLine[] = linesOf(Date.now(), 60)
  /** Methods that fail, and with what; a test fills it. */
  readonly failing = new Map<MethodName, EspalierError>()
  /** Methods that never answer. */
  readonly silent = new Set<MethodName>()
  /** What was called, in order. */
  readonly calls: { method: MethodName; input: unknown }[] = []
  tokenIntervalMs = 20
  /** Nodes that the next answers lose on their way. */
  lost: LostHop[] = []
  /** What is told of the next answers' routes after their third word. */
  changes: RouteChange[] = []

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
    'node.load': () => {
      this.onLoad()
      return {}
    },
    'node.reapply': () => {
      this.onReapply()
      return {}
    },
    'settings.get': () => this.settings,
    'settings.save': ({ replaces: _, ...patch }) => {
      this.choose({ ...this.settings, ...patch } as Settings)
      return this.settings
    },
    'network.preview': ({ url, insecure }) => {
      if (url.startsWith('http://192.168.') && !insecure) throw new EspalierError('COORDINATOR_INSECURE', url)
      if (!url.includes('orchard') && !insecure) throw new EspalierError('COORDINATOR_NOT_ONE', url)
      const willSend = this.preview.willSend.map((sent) =>
        sent.field === 'nickname' ? { ...sent, value: this.settings.publicName } : sent,
      )
      const invite = url.startsWith('espalier:') ? { expiresAt: Date.UTC(2030, 4, 1, 12) } : null
      return { ...this.preview, invite, willSend }
    },
    'network.join': (join) => {
      const { invite: _, ...network } = { invite: undefined, ...join }
      this.choose({ ...this.settings, network })
      this.onStart()
      return {}
    },
    'network.leave': () => {
      this.choose({ ...this.settings, network: null })
      return {}
    },
    'computer.get': () => this.computer,
    'computer.time': () => ({ ...this.timing, threads: this.settings.threads ?? this.timing.threads }),
    'computer.stopTiming': () => ({}),
    'lan.find': () => this.lan,
    'meter.run': ({ url }) => {
      this.server.emit('meter', { url, outcome: { kind: 'running', stage: 'answer' } })
      if (this.meter) this.server.emit('meter', { url, outcome: this.meter })
      return {}
    },
    'meter.cancel': () => ({}),
    'shards.get': () => this.shards,
    'shards.diagnose': () => diagnosisOf(Date.now()),
    'fetch.pause': () => {
      this.onPause()
      return {}
    },
    'fetch.resume': () => {
      this.onResume()
      return {}
    },
    'fetch.cancel': () => {
      this.onCancel()
      return {}
    },
    'fetch.await': () => {
      this.onAwait()
      return {}
    },
    'disk.get': () => this.disk,
    'disk.free': ({ ids }) => {
      const slices = this.disk.slices.filter(({ id }) => !ids.includes(id))
      const usedBytes = slices.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
      const reclaimableBytes = slices.reduce((sum, { sizeBytes, isInUse }) => sum + (isInUse ? 0 : sizeBytes), 0)
      this.disk = { ...this.disk, slices, usedBytes, reclaimableBytes }
      return this.disk
    },
    'catalogue.get': () => CATALOGUE,
    'fit.get': () => this.fit,
    'token.get': () => this.token,
    'token.set': ({ token }) => {
      this.token = { ...NO_TOKEN, isSet: token !== null, protection: token === null ? null : 'file' }
      return this.token
    },
    'api.get': () => ({ url: 'http://127.0.0.1:31400/v1', key: 'sk-example', error: null }),
    'token.takeFound': () => {
      this.token = { ...NO_TOKEN, isSet: true, protection: 'file' }
      return this.token
    },
    'diagnostics.run': () => this.makeChecks(Date.now()),
    'diagnostics.mend': ({ id }) => {
      const found = this.makeChecks(Date.now()).find((check) => check.id === id)
      if (!found) throw new EspalierError('BAD_ARGUMENT', id)
      const { fix: _, ...mended } = found
      return { ...mended, verdict: 'pass', evidence: 'Set right just now', action: null, code: null }
    },
    'diagnostics.bundle': () => BUNDLE,
    'diagnostics.saveBundle': () => ({ path: '/home/kim/.local/share/espalier/support/espalier-support.txt' }),
    'talk.get': () => this.talk,
    'talk.verbose': ({ on }) => {
      this.talk = { ...TALK, verboseUntil: on ? Date.now() + 30 * 60_000 : null }
      return this.talk
    },
    'files.choose': () => ({ path: '/home/kim/models/chosen.gguf' }),
    'identity.get': () => this.identity,
    'identity.export': ({ path }) => ({ path }),
    'identity.import': () => ({ identity: IDENTITY, keptAt: '/data/identity.key.before-1' }),
    'identity.restoreCopy': () => ({ identity: IDENTITY, keptAt: null }),
    'identity.renew': () => ({ identity: IDENTITY, keptAt: null }),
    'app.get': () => this.view,
    'app.answerInvite': () => {
      this.tellApp({ ...this.view, invite: null })
      return {}
    },
    'app.update': () => ({}),
    'app.draft': () => ({}),
    'contribution.get': () => this.week,
    'logs.recent': ({ limit }) => this.logLines.slice(-limit),
    'host.get': () => this.hosted,
    'host.start': (choice) => {
      this.onHostStart(choice)
      return {}
    },
    'host.stop': () => {
      this.host(offHost(Date.now()))
      return {}
    },
    'host.decide': (choice) => {
      this.onHostDecide(choice)
      return {}
    },
    'host.load': (choice) => {
      this.onHostLoad(choice)
      return {}
    },
    'host.invite': ({ label }) => inviteOf(label),
    'generate.start': ({ prompt, maxTokens, sampling }) => {
      const words = typeof prompt === 'string' ? prompt : (prompt.at(-1)?.text ?? '')
      if (words.includes('too long')) throw new EspalierError('PROMPT_TOO_LONG', '3,000 tokens, at most 512 fit')
      return { generationId: this.generate(maxTokens, sampling && (sampling.seed ?? 20_261_121)) }
    },
    'generate.cancel': ({ generationId }) => {
      this.generations.get(generationId)?.cancel()
      return {}
    },
  }
  readonly server = createBridgeServer({
    handlers: this.watched(this.handlers),
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

  /** The next line of the log, as the node writes one. */
  write(level: LogLine['level'], code: string, message: string): void {
    const line = { seq: (this.logLines.at(-1)?.seq ?? 0) + 1, at: Date.now(), level, code, message }
    this.logLines.push(line)
    this.server.emit('log', { lines: [line] })
  }

  /** Lines that come while somebody looks. */
  writeMany(lines: LogLine[]): void {
    this.logLines.push(...lines)
    this.server.emit('log', { lines })
  }

  host(hosted: HostStatus): void {
    this.hosted = hosted
    this.server.emit('host', hosted)
  }

  tellApp(view: AppView): void {
    this.view = view
    this.server.emit('app', view)
  }

  choose(settings: Settings): void {
    this.settings = settings
    this.server.emit('settings', settings)
  }

  private watched(handlers: MethodHandlers): MethodHandlers {
    const entries = Object.entries(handlers).map(([name, handler]) => {
      const method = name as MethodName
      const act = handler as (input: unknown) => unknown
      const watchedHandler = (input: unknown) => {
        this.calls.push({ method, input })
        const failure = this.failing.get(method)
        if (failure) throw failure
        return this.silent.has(method) ? new Promise(() => undefined) : act(input)
      }
      return [name, watchedHandler]
    })
    return Object.fromEntries(entries) as MethodHandlers
  }

  /** Goes away without a word, as a host that crashes does. */
  async stop(): Promise<void> {
    for (const { timer } of this.generations.values()) clearInterval(timer)
    await this.carrier.close()
    this.server.dispose()
  }

  private generate(maxTokens: number, seed: number | undefined): string {
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
        lost: this.lost,
        ...(seed !== undefined && { seed }),
      })
    }
    const timer = setInterval(() => {
      this.server.emit('generate.token', { generationId, text: WORDS[tokens % WORDS.length] ?? '' })
      tokens += 1
      if (tokens === 3)
        for (const change of this.changes) this.server.emit('generate.route', { generationId, ...change })
      if (tokens === maxTokens) finish(null)
    }, this.tokenIntervalMs)
    this.generations.set(generationId, { timer, cancel: () => finish(new EspalierError('CANCELLED')) })
    return generationId
  }
}
