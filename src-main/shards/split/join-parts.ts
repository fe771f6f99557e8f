import { EspalierError } from '../../../src-shared/errors'
import { alignUp, type GgufHeader } from '../gguf-types'
import { integerOf } from '../gguf-values'
import { encodeGgufHeader } from '../gguf-write'

/** What stands at a place of the joined file, and how many bytes there are of it from that place on. */
export type Region =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly sizeBytes: number }
  | { readonly kind: 'part'; readonly part: number; readonly offset: number; readonly sizeBytes: number }
  | { readonly kind: 'zeros'; readonly sizeBytes: number }

/**
 * The one file that the parts of a split model were made from. Manifests describe this file, so whoever has the parts
 * and whoever has the whole can give each other pieces.
 */
export interface JoinedModel {
  readonly header: Uint8Array
  readonly fileSizeBytes: number
  /** Of size 0 at the end and beyond. */
  regionAt(position: number): Region
}

interface Segment {
  readonly offset: number
  sizeBytes: number
  readonly part: number
  readonly partOffset: number
}

/**
 * Joins the headers of all parts, in order: the metadata of the first without what says how it was split, and the
 * tensors of all, packed. Throws GGUF_INVALID when they do not belong together.
 */
export function joinParts(headers: readonly GgufHeader[]): JoinedModel {
  const [first] = headers
  if (first === undefined) throw invalid('there are no parts')
  checkNumbers(headers)
  const tensors = headers.flatMap((header, part) => header.tensors.map((tensor) => ({ ...tensor, part })))
  const total = integerOf(first, 'split.tensors.count')
  if (total !== undefined && total !== tensors.length) throw invalid(`${tensors.length} of ${total} tensors are there`)
  if (new Set(tensors.map(({ name }) => name)).size !== tensors.length) throw invalid('two parts have the same tensor')
  const entries = [...first.entries.values()].filter(({ key }) => !key.startsWith('split.'))
  const { bytes: header, offsets, fileSizeBytes } = encodeGgufHeader(entries, tensors, first.alignment)

  const segments: Segment[] = []
  for (const [index, { part, offset: partOffset, sizeBytes }] of tensors.entries()) {
    const offset = offsets[index] ?? 0
    const last = segments.at(-1)
    // As far apart here as there: one run, with the padding between them, and one request for it.
    if (last?.part === part && offset - last.offset === partOffset - last.partOffset) {
      last.sizeBytes = offset + sizeBytes - last.offset
    } else {
      segments.push({ offset, sizeBytes, part, partOffset })
    }
  }

  return {
    header,
    fileSizeBytes,
    regionAt(position) {
      if (position < header.byteLength) {
        const bytes = header.subarray(position)
        return { kind: 'bytes', bytes, sizeBytes: bytes.byteLength }
      }
      for (const { offset, sizeBytes, part, partOffset } of segments) {
        if (position < offset) return { kind: 'zeros', sizeBytes: offset - position }
        const skip = position - offset
        if (skip < sizeBytes) return { kind: 'part', part, offset: partOffset + skip, sizeBytes: sizeBytes - skip }
      }
      return { kind: 'zeros', sizeBytes: Math.max(0, fileSizeBytes - position) }
    },
  }
}

function checkNumbers(headers: readonly GgufHeader[]): void {
  for (const [index, header] of headers.entries()) {
    const [number, count] = [integerOf(header, 'split.no'), integerOf(header, 'split.count')]
    if (number !== index || count !== headers.length) {
      throw invalid(`part ${index + 1} of ${headers.length} calls itself ${(number ?? -1) + 1} of ${count ?? '?'}`)
    }
  }
}

/** Sizes of a joined file and of its parts together differ by the parts' own headers. */
export function mayBeJoined(partSizes: readonly number[], fileSizeBytes: number, headerSizeBytes: number): boolean {
  const more = partSizes.reduce((sum, sizeBytes) => sum + sizeBytes, 0) - fileSizeBytes
  return more > -alignUp(headerSizeBytes, 1024) && more < partSizes.length * 2 ** 20
}

function invalid(detail: string): EspalierError {
  return new EspalierError('GGUF_INVALID', `files of a split model: ${detail}`)
}
