import { EspalierError } from '../../src-shared/errors'
import { encodeMsgpack, type MsgpackMap, msgpackMap } from './msgpack'
import { decodeMsgpack } from './msgpack-decode'
import { asOptionalCount, asOptionalText, invalid } from './petals-types'

/** The key under which every model of a network is listed, one subkey per DHT prefix. */
export const MODELS_KEY = '_petals.models'

export interface ModelInfo {
  numBlocks: number
  /** Web address of the model's repository. */
  repository: string | null
}

const REPOSITORY_START = 'https://huggingface.co/'

/**
 * The value of a model's entry. The entry is shared by all servers of a prefix: a wrong one is wrong for all.
 * @throws RECORD_INVALID unless there are blocks and the repository is one that public maps show
 */
export function encodeModelInfo(info: ModelInfo, rules: { allowNullRepository: boolean }): Uint8Array {
  const { numBlocks, repository } = info
  if (!Number.isSafeInteger(numBlocks) || numBlocks < 1) {
    throw new EspalierError('RECORD_INVALID', `num_blocks = ${numBlocks}`)
  }
  const isFit = repository === null ? rules.allowNullRepository : repository.startsWith(REPOSITORY_START)
  if (!isFit) throw new EspalierError('RECORD_INVALID', `the repository does not start with ${REPOSITORY_START}`)
  return encodeMsgpack(msgpackMap({ num_blocks: numBlocks, repository }))
}

/** @throws PROTOCOL_VIOLATION for an entry that Petals' readers skip: there, one unknown key is enough */
export function decodeModelInfo(bytes: Uint8Array): ModelInfo {
  const decoded = decodeMsgpack(bytes, { maxBytes: 4096 })
  if (!(decoded instanceof Map)) throw invalid('it is not a map')
  const fields = decoded as MsgpackMap
  for (const key of fields.keys()) {
    if (key !== 'num_blocks' && key !== 'repository') throw invalid(`unknown field ${key.slice(0, 40)}`)
  }
  const numBlocks = asOptionalCount(fields.get('num_blocks'), 'num_blocks')
  if (numBlocks === null || numBlocks < 1) throw invalid('num_blocks is not a count ≥ 1')
  return { numBlocks, repository: asOptionalText(fields.get('repository'), 'repository') }
}
