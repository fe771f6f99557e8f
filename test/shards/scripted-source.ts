import { readFileSync } from 'node:fs'
import type { Manifest } from '../../src-main/shards/manifest'
import type { ByteSource, SourceKind } from '../../src-main/shards/sources/source'

/** A source in memory that gives what a test lets it give, when the test lets it. */
export function scriptedSource(
  path: string,
  options: {
    id: string
    kind: SourceKind
    hangsAtPiece?: (manifest: Manifest) => number
    fails?: () => Error | null
    /** Which pieces it says to have; everything when not given. */
    has?: () => ReadonlySet<number>
    /** Gives other bytes than the model’s, behind the header. */
    isWrong?: boolean
  },
): ByteSource & { readonly asked: number } {
  const bytes = readFileSync(path)
  let asked = 0
  let hangAt = Number.POSITIVE_INFINITY
  return {
    id: options.id,
    kind: options.kind,
    label: options.id,
    hasHeader: true,
    get asked() {
      return asked
    },
    async open(manifest) {
      hangAt = manifest.pieces[options.hangsAtPiece?.(manifest) ?? -1]?.offset ?? Number.POSITIVE_INFINITY
      if (options.isWrong) bytes.fill(1, manifest.header.sizeBytes)
      return options.has?.() ?? null
    },
    async read({ offset, sizeBytes }, sink, signal) {
      asked++
      const failure = options.fails?.()
      if (failure) throw failure
      for (let at = offset; at < offset + sizeBytes; at += 65_536) {
        if (at >= hangAt) {
          await new Promise((_, reject) => {
            if (signal.aborted) reject(signal.reason)
            signal.addEventListener('abort', () => reject(signal.reason), { once: true })
          })
        }
        await sink(bytes.subarray(at, Math.min(at + 65_536, offset + sizeBytes)))
      }
    },
    close: async () => undefined,
  }
}
