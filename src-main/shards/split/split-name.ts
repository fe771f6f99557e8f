import { EspalierError } from '../../../src-shared/errors'

/** What llama.cpp's own splitter makes of `model.gguf`, counted from one: `model-00002-of-00005.gguf`. */
const SPLIT_NAME = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/s
/**
 * With the splitter's own 128 tensors a file, the largest dense models have nine; publishers of the largest ones make
 * some dozens. All are held open at once, and a web server is asked for the header of each.
 */
export const MAX_PARTS = 256

/**
 * The paths or addresses of all files of a split model, from that of any of them; null when it is no such file, or one
 * of too many (`checkParts`).
 */
export function splitPaths(path: string): string[] | null {
  const [, prefix = '', own, all] = SPLIT_NAME.exec(path) ?? []
  const [number, count] = [Number(own), Number(all)]
  if (!(number >= 1 && number <= count && count <= MAX_PARTS)) return null
  return Array.from({ length: count }, (_, index) => `${prefix}-${`${index + 1}`.padStart(5, '0')}-of-${all}.gguf`)
}

/** Before one file is read for all: throws MODEL_SPLIT_TOO_FINE when it is, by its name, one of too many. */
export function checkParts(path: string): void {
  const count = Number(SPLIT_NAME.exec(path)?.[3] ?? 0)
  if (count > MAX_PARTS)
    throw new EspalierError('MODEL_SPLIT_TOO_FINE', `${count} files; at most ${MAX_PARTS} are read`)
}
