import { join } from 'node:path'

/** `models_cache/shards/shard-0.gguf` and so on, below the data directory; read anew at every attempt to fetch. */
export function shardFolder(dataDirectory: string): string {
  return join(dataDirectory, 'models_cache', 'shards')
}
