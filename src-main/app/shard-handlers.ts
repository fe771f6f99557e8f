import type { Clock } from '../../src-shared/clock'
import type { MethodHandlers } from '../../src-shared/contract'
import type { DiagnosticsContext } from '../diagnostics/check'
import { diagnoseShards } from '../diagnostics/diagnose-shards'
import type { RunningNode } from '../node/node'
import type { ShardStore } from '../shards/store/shard-store'
import type { DataDirectory } from '../storage/data-directory'
import { catalogueView } from './catalogue-view'
import type { DetectCompute } from './compute'
import { createDiskViews } from './disk-view'
import { fitViewOf } from './fit-view'
import type { KnowModel } from './known-model'
import type { SettingsStore } from './settings-store'
import { shardViewOf } from './shard-view'
import type { TokenDesk } from './token-desk'

export type ShardMethod =
  | 'shards.get'
  | 'shards.diagnose'
  | 'fetch.pause'
  | 'fetch.resume'
  | 'fetch.cancel'
  | 'fetch.await'
  | 'disk.get'
  | 'disk.free'
  | 'catalogue.get'
  | 'fit.get'
  | 'token.get'
  | 'token.set'
  | 'token.takeFound'

/** What a page may ask about files: those that are fetched, those that lie here, and those that could. */
export function createShardHandlers(options: {
  clock: Clock
  data: DataDirectory
  store: ShardStore
  settings: SettingsStore
  token: TokenDesk
  compute: DetectCompute
  capBytes: () => number | null
  resources: string
  knowModel: KnowModel
  running: () => RunningNode | null
  diagnosticsContext: () => DiagnosticsContext
}): Pick<MethodHandlers, ShardMethod> {
  const { clock, data, store, settings, token, running } = options
  const disk = createDiskViews(store, data.modelsDirectory, options.capBytes)

  return {
    'shards.get'() {
      const target = running()?.target
      return target ? shardViewOf(target, data.root) : null
    },
    'shards.diagnose': () => diagnoseShards(options.diagnosticsContext(), clock),
    async 'fetch.pause'() {
      await settings.save({ fetchPaused: true })
      return {}
    },
    async 'fetch.resume'() {
      await settings.save({ fetchPaused: false })
      return {}
    },
    async 'fetch.cancel'() {
      running()?.cancelLoad()
      // Whoever begins again later does not want to find it paused.
      await settings.save({ fetchPaused: false })
      return {}
    },
    'fetch.await'() {
      running()?.awaitLoad()
      return {}
    },
    'disk.get': disk.view,
    'disk.free': ({ ids }) => disk.free(ids),
    'catalogue.get': () => catalogueView(options.resources),
    async 'fit.get'() {
      const now = settings.get()
      return fitViewOf({ model: await options.knowModel(now), compute: await options.compute(now), settings: now })
    },
    'token.get': token.view,
    'token.set': ({ token: next }) => token.set(next),
    'token.takeFound': token.takeFound,
  }
}
