import { freemem } from 'node:os'
import type { PeerId, PrivateKey } from '@libp2p/interface'
import { type BlockRange, blocksInWords } from '../../src-shared/blocks'
import type { Clock, Disposer } from '../../src-shared/clock'
import { EspalierError, messageOf } from '../../src-shared/errors'
import type { PeerTalk } from '../../src-shared/readiness'
import type { LoadLevel } from '../../src-shared/status'
import { proofOf } from '../engine/probe'
import type { ServerSpan } from '../hivemind/compute-spans'
import type { Host } from '../network/host'
import { type CrossView, expectedShards, type ReadinessVerdict } from '../observe/readiness'
import { statusBlock } from '../observe/readiness-block'
import { createSwarmWatch, type SwarmWatch } from '../observe/swarm-watch'
import { type CommandService, createCommandService, type SentCommand } from '../shards/commands/command-service'
import type { Capabilities, ShardCommand } from '../shards/commands/command-wire'
import { createLoadRequests, type LoadHistory, type LoadingNode } from '../shards/commands/load-requests'
import { type ShardStory, seedLines } from '../shards/commands/seed-words'
import type { EventLog } from '../storage/event-log'
import { inTurns } from './in-turns'
import type { ShardTarget } from './load-ladder'
import type { LoadedShard } from './loaded-shard'
import { createPeerTalk } from './peer-talk'

/** Views of others are compared this often; one that lacks us is told again within 30 s (S-17). */
const COMPARE_MS = 10_000
const MAX_COMPARED = 8
const MAX_TOLD = 64

export interface PeerCapabilities extends Capabilities {
  peer: string
}

export interface Swarm {
  start(): Promise<void>
  stop(): Promise<void>
  /** Other blocks or another model; null: none. */
  setTarget(target: ShardTarget | null): void
  onSpans(spans: readonly ServerSpan[]): void
  /** Our blocks were proven: everybody is told. */
  proven(shard: LoadedShard): void
  /** The bytes of our blocks are not on this computer and come from elsewhere. */
  missing(how: { fromPeers: boolean }): void
  /** They aren't any more: everybody is told. */
  lost(): void
  /** Null while no model is known. */
  verdict(): ReadinessVerdict | null
  /** How other peers see us. */
  crossViews(): readonly CrossView[]
  history(): LoadHistory
  /** When others were last told that the blocks here are loaded, and how many acknowledged it; null: not yet. */
  told(): { at: number; peers: number } | null
  /** What the others that serve our model can give, as they say now; those that do not answer are left out. */
  askCapabilities(signal: AbortSignal): Promise<PeerCapabilities[]>
  /** The last command to each peer that serves our model now, with what came of it. */
  links(): SentCommand[]
  /** How this node talks with each of those, for the page. */
  talks(): PeerTalk[]
  commands: Pick<CommandService, 'counts' | 'lastSent' | 'send'>
}

/**
 * The node among the others that serve its model: verifies what they claim, tells them what it proved, answers their
 * commands, and writes the runbook's status block whenever the picture changes.
 */
export function createSwarm(options: {
  host: Host
  privateKey: PrivateKey
  clock: Clock
  log: EventLog
  /** Who may command: the coordinator's peers. */
  isIssuer: (peer: string) => boolean
  shard: () => LoadedShard | null
  level: () => LoadLevel
  sessions: () => { active: number; most: number }
  node: Pick<LoadingNode, 'fetching' | 'load' | 'cancel' | 'onUnknownBlocks'>
  onChange: () => void
}): Swarm {
  const { host, clock, log, shard, onChange } = options
  const self = host.peerId.toString()
  let target: ShardTarget | null = null
  let watch: SwarmWatch | null = null
  let peers = new Map<string, PeerId>()
  let lastBlock = ''
  /** Said before a node announces itself for the first time, and never again. */
  let hasServed = false
  let told: { at: number; peers: number } | null = null
  const views = new Map<string, CrossView>()
  const peerTalk = createPeerTalk()
  const stops: Disposer[] = []

  const requests = createLoadRequests({
    clock,
    isIssuer: (peer) => peer === self || options.isIssuer(peer),
    node: {
      ...options.node,
      target: () => target && { root: target.manifest.root, range: target.range },
      isLoaded: () => shard() !== null,
    },
  })

  const service = createCommandService({
    host,
    privateKey: options.privateKey,
    clock,
    log,
    handlers: {
      LOAD_SHARD({ root, start, end }, { peer, id }) {
        const range = { start, end }
        const wasLoaded = shard() !== null
        const reply = requests.load({ id, peer: peer.toString(), root, range })
        tell({ what: 'requested', shard: nameOf(range) })
        if (!wasLoaded) tell({ what: 'starting', shard: nameOf(range) })
        return reply
      },
      CANCEL: ({ request }, { peer }) => requests.cancel(peer.toString(), request),
      SHARD_LOADED({ root, start, end, isLoaded }, { peer }) {
        const { manifest } = sameModel(root)
        if (!(start < end && end <= manifest.blockCount))
          throw new EspalierError('BLOCK_RANGE_INVALID', blocksInWords({ start, end }))
        watch?.onHint(peer, { start, end }, isLoaded)
        return { status: 'accepted' }
      },
      async PROVE_SHARD({ root, start, end }) {
        sameModel(root)
        const isAsked = (range: BlockRange | undefined) => range?.start === start && range.end === end
        if (!isAsked(shard()?.target.range)) throw new EspalierError('SHARD_NOT_LOADED', blocksInWords({ start, end }))
        const { range, proof } = await prove()
        // Other blocks may have come while it waited for its turn.
        if (!isAsked(range)) throw new EspalierError('SHARD_NOT_LOADED', blocksInWords({ start, end }))
        return { status: 'proof', ...proof }
      },
      ASK_CAPABILITIES({ root }) {
        const { manifest, range } = sameModel(root)
        const { active, most } = options.sessions()
        return {
          status: 'capabilities',
          level: options.level(),
          start: range.start,
          end: range.end,
          quant: manifest.quantization,
          freeMemoryBytes: freemem(),
          freeCardBytes: shard()?.freeCardBytes ?? null,
          maxConcurrent: most,
          active,
        }
      },
      ASK_VIEW({ root }) {
        sameModel(root)
        const loaded = (watch?.verified() ?? []).slice(0, 256)
        return { status: 'view', loaded: loaded.map(({ peer, blocks }) => ({ peer, ...blocks })) }
      },
    },
  })

  /** All ask the same: when a node comes, every other one wants its proof at once. */
  const prove = inTurns(async () => {
    const loaded = shard()
    if (!loaded) throw new EspalierError('SHARD_NOT_LOADED')
    const { manifest, range } = loaded.target
    return { range, proof: await proofOf(loaded.engine, manifest, range, { hasEntry: range.start === 0 }) }
  })

  function sameModel(root: string): ShardTarget {
    if (target?.manifest.root !== root) throw new EspalierError('MODEL_NOT_SERVED', `root ${root.slice(0, 16)}…`)
    return target
  }

  async function ask(peer: PeerId, { start, end }: BlockRange): Promise<Uint8Array> {
    const root = target?.manifest.root ?? ''
    const reply = await service.send(peer, { type: 'PROVE_SHARD', root, start, end })
    if (reply.status !== 'proof') throw new EspalierError('PROTOCOL_VIOLATION', `“${reply.status}” for a proof`)
    return reply.values
  }

  /** Resolves to the number of peers that acknowledged. */
  async function broadcast(shardTarget: ShardTarget, isLoaded: boolean): Promise<number> {
    const { manifest, range } = shardTarget
    const level = options.level()
    const command: ShardCommand = { type: 'SHARD_LOADED', root: manifest.root, ...range, isLoaded, level }
    const told = [...peers.values()].slice(0, MAX_TOLD)
    const outcomes = await Promise.allSettled(told.map((peer) => service.send(peer, command)))
    return outcomes.filter(({ status }) => status === 'fulfilled').length
  }

  function sayLoaded(shardTarget: ShardTarget): void {
    void broadcast(shardTarget, true).then((acknowledged) => {
      told = { at: clock.now(), peers: acknowledged }
      tell({ what: 'broadcast', shard: nameOf(shardTarget.range), peers: acknowledged })
    })
  }

  /** Asks some peers whether they take us for loaded, and tells those again that don't. */
  async function compareViews(): Promise<void> {
    const loaded = shard()
    if (!loaded || !target) return
    const { root } = target.manifest
    const asked = [...peers.values()].slice(0, MAX_COMPARED)
    await Promise.all(
      asked.map(async (peer) => {
        const name = peer.toString()
        let seesUs: boolean | null = null
        try {
          const reply = await service.send(peer, { type: 'ASK_VIEW', root })
          seesUs = reply.status === 'view' ? reply.loaded.some((entry) => entry.peer === self) : null
          const { range } = loaded.target
          if (seesUs === false && shard() === loaded)
            await service.send(peer, { type: 'SHARD_LOADED', root, ...range, isLoaded: true, level: options.level() })
        } catch (error) {
          log.write('debug', 'swarm.view.failed', messageOf(error), { peer: name })
        }
        views.set(name, { peer: name, seesUs, at: clock.now() })
      }),
    )
    for (const name of views.keys()) if (!peers.has(name)) views.delete(name)
  }

  function tell(story: ShardStory): void {
    for (const line of seedLines(story)) log.write('info', 'shard.story', line, { ...story })
  }

  function nameOf(range: BlockRange): string {
    const shards = target ? expectedShards(target.manifest.blockCount) : []
    const inside = shards.flatMap(({ start, end }, index) => (start >= range.start && end <= range.end ? [index] : []))
    const [first, last] = [inside[0] ?? range.start, inside.at(-1) ?? range.end - 1]
    return first === last ? `${first}` : `${first}-${last}`
  }

  function changed(): void {
    const verdict = watch?.verdict()
    if (verdict) {
      const lines = statusBlock(verdict)
      // Said when it changes, not every two seconds: a log that repeats itself is not read.
      if (lines.join('\n') !== lastBlock) {
        lastBlock = lines.join('\n')
        for (const line of lines) log.write('info', 'swarm.status', line)
      }
    }
    onChange()
  }

  return {
    async start() {
      await service.start()
      const onDisconnect = ({ detail }: CustomEvent<PeerId>) => watch?.onDisconnect(detail)
      host.addEventListener('peer:disconnect', onDisconnect)
      stops.push(() => host.removeEventListener('peer:disconnect', onDisconnect))
      stops.push(clock.every(COMPARE_MS, () => void compareViews()))
    },
    async stop() {
      for (const stop of stops.splice(0)) stop()
      watch?.stop()
      watch = null
      await service.stop()
    },
    setTarget(next) {
      watch?.stop()
      watch = null
      target = next
      views.clear()
      if (!next) return
      watch = createSwarmWatch({
        self: host.peerId,
        manifest: next.manifest,
        own: () => ({ blocks: next.range, isProven: shard()?.target === next }),
        ask,
        clock,
        onChange: changed,
      })
    },
    onSpans(spans) {
      peers = new Map(
        spans.flatMap(({ peer }) => (peer.equals(host.peerId) ? [] : [[peer.toString(), peer] as [string, PeerId]])),
      )
      watch?.onSpans(spans)
    },
    proven({ target: proven, origin, slicePath }) {
      const name = nameOf(proven.range)
      if (origin === 'stored' && !hasServed) tell({ what: 'found', shard: name, path: slicePath })
      hasServed = true
      tell({ what: 'loaded', shard: name, isLocal: origin !== 'elsewhere' })
      sayLoaded(proven)
      changed()
    },
    lost() {
      told = null
      if (target) void broadcast(target, false)
      changed()
    },
    missing({ fromPeers }) {
      if (!target) return
      const name = nameOf(target.range)
      // Who was told to load it answers the command; who was not has joined without it.
      tell({ what: requests.history().lastLoadAt === null ? 'not-found' : 'not-local', shard: name })
      if (fromPeers) tell({ what: 'fetching' })
    },
    async askCapabilities(signal) {
      const root = target?.manifest.root
      if (root === undefined) return []
      const answers = [...peers].slice(0, MAX_COMPARED).map(async ([name, peer]) => {
        const reply = await service.send(peer, { type: 'ASK_CAPABILITIES', root }, { signal })
        return reply.status === 'capabilities' ? [{ ...reply, peer: name }] : []
      })
      const settled = await Promise.allSettled(answers)
      return settled.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
    },
    verdict: () => watch?.verdict() ?? null,
    crossViews: () => [...views.values()],
    history: requests.history,
    told: () => told,
    links: () => service.lastSent().filter(({ peer }) => peers.has(peer)),
    talks: () =>
      peerTalk({
        peers: peers.keys(),
        sent: service.lastSent(),
        views: [...views.values()],
        isConnected: (name) => host.getConnections(peers.get(name)).length > 0,
      }),
    commands: service,
  }
}
