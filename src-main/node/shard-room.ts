import { type ErrorReport, EspalierError, messageOf } from '../../src-shared/errors'
import type { NodeStatus } from '../../src-shared/status'
import { CPU_CHOICE } from '../engine/device-choice'
import type { StartReport } from '../engine/protocol'
import { EngineSupervisor } from '../engine/supervisor'
import type { Host } from '../network/host'
import { sliceDirectory } from '../shards/models'
import { servePieces } from '../shards/peers/pieces-server'
import { createSeeds } from '../shards/peers/seeds'
import { createShardStore } from '../shards/store/shard-store'
import { MAX_BATCH_TOKENS } from './config'
import { createFetchHand } from './fetch-hand'
import type { ShardTarget } from './load-ladder'
import type { LoadedShard } from './loaded-shard'
import type { RuntimeOptions } from './runtime-types'
import { createShardLoader, type ShardLoader } from './shard-loader'
import { sourcesFor } from './shard-sources'
import { createThroughputBook } from './throughput-book'
import { FREE_TRANSFERS } from './transfers'

export interface ShardRoom {
  readonly loader: ShardLoader
  /** What the engine said when it started; null while none runs. */
  readonly engineReport: StartReport | null
  /** Fetches, loads and proves now what is assigned here; does nothing while that is under way or done. */
  loadNow(): void
}

/** Everything between bytes that are somewhere and blocks that are proven: store, sources, seeding, engine, loader. */
export async function openShardRoom(
  options: RuntimeOptions & {
    host: Host
    /** The blocks that are ours to serve, loaded or not. */
    target(): ShardTarget | null
    /** Who has the pieces is known after the first look at the DHT. Resolves then, or when that takes too long. */
    whenLooked(): Promise<void>
    onProven(shard: LoadedShard): void
    onLost(cause: ErrorReport): void
    onMissing(how: { fromPeers: boolean }): void
  },
): Promise<ShardRoom> {
  const { config, clock, log, rooms, steps, facts, scope, onChange, host } = options
  const { profile, compute = CPU_CHOICE, transfers = FREE_TRANSFERS } = config
  const supervisor = new EngineSupervisor({
    spawnEngine: options.spawnEngine,
    library: { accelerator: compute.accelerator, directory: compute.directory },
    clock,
  })
  scope.add(() => supervisor.stop())
  const { store = createShardStore({ dataDirectory: config.data.root, clock }) } = config
  const seeds = createSeeds(store)
  const seeding = await servePieces(host, {
    seeds: { ...seeds, model: async (root) => (transfers.wishes().seeds ? seeds.model(root) : null) },
    clock,
    limits: { bytesPerSecond: () => transfers.wishes().uploadBytesPerSecond },
  })
  // A file that is open takes room until it is closed, also one that was removed.
  const stopFollowingStore = store.use.onRemoved(() => void seeds.refresh())
  let letGo: () => void = () => undefined
  const folderOf = ({ manifest, range }: ShardTarget) => sliceDirectory(store.dataDirectory, manifest.root, range)
  const hand = createFetchHand({
    ...{ transfers, store, clock, log },
    use() {
      const target = options.target()
      if (target === null) return { for: 'blocks' }
      if (facts.fetch) return { for: 'fetch', target }
      return steps.get('fetch')?.blocker?.code === 'LOAD_AWAITED' ? { for: 'command', target } : null
    },
    onAwaited: () => loader.again(),
    onFound(files) {
      facts.foundFiles = files
      onChange()
    },
  })
  scope.add(async () => {
    stopFollowingStore()
    hand.stop()
    letGo()
    await seeding.stop()
    await seeds.close()
  })
  const loader = createShardLoader({
    supervisor,
    steps,
    clock,
    log,
    rooms,
    settings: {
      store,
      async sources(next) {
        const modelPath = transfers.wishes().modelPath ?? next.modelPath
        // Who has the pieces is known after the first look at the DHT, which began with the target. Who has copied the
        // model into the shard folder while waiting for blocks needs nobody.
        const isHere = modelPath !== null || hand.folder.has(next.manifest.file.sizeBytes)
        if (!isHere) await options.whenLooked()
        return sourcesFor(
          { ...next, modelPath },
          { store, host, spans: () => facts.view.spans, token: transfers.token },
        )
      },
      control: hand.control,
      limits: { bytesPerSecond: () => transfers.wishes().downloadBytesPerSecond },
      threads: config.threads,
      compute,
      gpuMemoryGb: config.gpuMemoryGb ?? null,
      contextTokens: config.contextTokens,
      maxSequences: config.maxSequences,
      maxBatchTokens: MAX_BATCH_TOKENS,
      reprobeIntervalMs: profile.timings.reprobeIntervalMs,
      speeds: createThroughputBook(config.data.speedsFile),
    },
    events: {
      onLevel(level) {
        facts.loadLevel = level
        onChange()
      },
      onFetch(fetch) {
        facts.fetch = fetch
        onChange()
      },
      onHold(target) {
        letGo()
        letGo = target ? store.use.hold(folderOf(target)) : () => undefined
      },
      onCompute(used) {
        facts.compute = used
        onChange()
      },
      onSpeed({ inferenceRps, forwardRps, measuredAt, device }) {
        facts.speed = { inferenceRps, forwardRps, measuredAt, device }
        onChange()
      },
      onProven(shard) {
        if (facts.model) facts.model = { ...facts.model, ...wordsOf(shard) }
        if (shard.tokenizer instanceof EspalierError)
          log.write('warn', 'tokenizer.failed', shard.tokenizer.message, { code: shard.tokenizer.code })
        options.onProven(shard)
        void seeds.refresh()
        // What is used now goes last when room is needed. Not worth a failure.
        store.use
          .touch(folderOf(shard.target))
          .catch((error: unknown) => log.write('debug', 'disk.touch.failed', messageOf(error)))
      },
      onLost(cause) {
        facts.speed = null
        options.onLost(cause)
      },
      onMissing: options.onMissing,
    },
  })
  scope.add(() => loader.stop())

  return {
    loader,
    get engineReport() {
      return supervisor.state.name === 'ready' ? supervisor.state.report : null
    },
    loadNow() {
      loader.again()
      // Where an attempt is under way, whoever was not asked any more is asked again now.
      hand.control.retryNow()
    },
  }
}

/** What the status says of the model once its tokenizer was loaded, or was not. */
function wordsOf({
  tokenizer,
}: LoadedShard): Pick<NonNullable<NodeStatus['model']>, 'hasChatTemplate' | 'noTokenizer'> {
  if (tokenizer instanceof EspalierError) return { noTokenizer: tokenizer.report() }
  return { hasChatTemplate: tokenizer.chatTemplate !== null, noTokenizer: undefined }
}
