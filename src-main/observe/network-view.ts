import type { HivemindDht } from '../hivemind/dht'
import { checkDhtPrefix, decodeModelInfo, MODELS_KEY, type ModelInfo } from '../hivemind/server-info'
import type { RecordForm } from '../network/profiles'
import { type ModelServers, readModelServers } from './model-servers'

export interface ModelOfNetwork extends ModelInfo {
  dhtPrefix: string
}

/** How somebody who knows nothing but the network finds out who serves what: one for each form of records. */
export interface NetworkView {
  readonly form: RecordForm
  /** Models that servers say to serve. */
  readModels(signal: AbortSignal): Promise<ModelOfNetwork[]>
  /** Who says to serve which blocks of a model: one span a peer, whatever its state. */
  readServers(model: { dhtPrefix: string; blockCount: number }, signal: AbortSignal): Promise<ModelServers>
}

/** Through the hivemind DHT: the index names all models, and one look-up brings all records of a model. */
export function hivemindView(dht: HivemindDht, rules: { allowsNullRepository: boolean }): NetworkView {
  return {
    form: 'hivemind',
    async readModels(signal) {
      const index = (await dht.get([MODELS_KEY], { signal })).get(MODELS_KEY)
      if (index?.kind !== 'dictionary') return []
      const models: ModelOfNetwork[] = []
      for (const [dhtPrefix, { value }] of index.entries) {
        try {
          checkDhtPrefix(dhtPrefix)
          const info = decodeModelInfo(value)
          if (info.repository !== null || rules.allowsNullRepository) models.push({ ...info, dhtPrefix })
        } catch {
          // Anybody can write there. What can't be read is nobody's model, as for the public monitor.
        }
      }
      return models
    },
    readServers: (model, signal) => readModelServers(dht, model, signal),
  }
}
