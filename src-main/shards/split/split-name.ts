/** What llama.cpp's own splitter makes of `model.gguf`, counted from one: `model-00002-of-00005.gguf`. */
const SPLIT_NAME = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/s
/** As many as a manifest names. */
const MAX_PARTS = 64

/** The paths or addresses of all files of a split model, from that of any of them; null when it is no such file. */
export function splitPaths(path: string): string[] | null {
  const [, prefix = '', own, all] = SPLIT_NAME.exec(path) ?? []
  const [number, count] = [Number(own), Number(all)]
  if (!(number >= 1 && number <= count && count <= MAX_PARTS)) return null
  return Array.from({ length: count }, (_, index) => `${prefix}-${`${index + 1}`.padStart(5, '0')}-of-${all}.gguf`)
}
