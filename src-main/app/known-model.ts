import type { Settings } from '../../src-shared/settings'
import type { RunningNode } from '../node/node'
import { readGgufHeader } from '../shards/gguf-read'
import type { GgufHeader } from '../shards/gguf-types'
import type { ShardStore } from '../shards/store/shard-store'

export interface KnownModel {
  name: string
  header: GgufHeader
}

export type KnowModel = (settings: Pick<Settings, 'modelPath' | 'network'>) => Promise<KnownModel | null>

/** The model that this computer would load: the assigned one, else the file that the settings name; null: none yet. */
export function createKnowModel(options: {
  store: Pick<ShardStore, 'header'>
  sampleModel: string
  running: () => Pick<RunningNode, 'target'> | null
}): KnowModel {
  return async ({ modelPath, network }) => {
    const target = options.running()?.target
    if (target) {
      const header = await options.store.header(target.manifest)
      if (header) return { name: target.manifest.name, header }
    }
    const path = network?.kind === 'demo' ? options.sampleModel : modelPath
    if (path === null) return null
    const name = path.split(/[\\/]/).at(-1) ?? path
    return { name: target?.manifest.name ?? name, header: await readGgufHeader(path) }
  }
}
