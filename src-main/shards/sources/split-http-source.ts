import { createHash } from 'node:crypto'
import { EspalierError } from '../../../src-shared/errors'
import { headerOf } from '../gguf-read'
import type { GgufHeader } from '../gguf-types'
import type { Manifest } from '../manifest'
import { type JoinedModel, joinParts } from '../split/join-parts'
import { createRangeClient, type HttpOptions } from './http-range'
import type { ByteSource } from './source'

/** Headers of later parts list tensors and nothing else. */
const PART_HEADER_BYTES = 64 * 1024
/** What a part's header may have beside its share of the joined one: how it was split, and padding. */
const PART_OWN_BYTES = 4 * 1024

interface Part {
  readonly url: URL
  readonly totalBytes: number
  readonly header: GgufHeader
}

/**
 * A model that its publisher has split, on a web server that understands Range: `addresses` are all its files, in
 * order. Only their headers and what is asked for are read.
 */
export function splitHttpSource(addresses: readonly string[], options: HttpOptions = {}): ByteSource {
  const urls = addresses.map((address) => new URL(address))
  const [first] = urls
  if (first === undefined) throw new EspalierError('BAD_ARGUMENT', 'a source without an address')
  const client = createRangeClient(options)
  let model: { parts: readonly Part[]; joined: JoinedModel } | null = null

  async function openPart(url: URL, maxBytes: number, signal: AbortSignal): Promise<Part> {
    // One byte tells how many there are; a range beyond them would be refused.
    const { totalBytes } = await client.read(url, { offset: 0, sizeBytes: 1, totalBytes: null }, noSink, signal)
    const file = {
      sizeBytes: totalBytes,
      async read(target: Uint8Array, position: number) {
        let filled = 0
        const request = { offset: position, sizeBytes: target.byteLength, totalBytes }
        const sink = (bytes: Uint8Array) => {
          target.set(bytes, filled)
          filled += bytes.byteLength
          return undefined
        }
        await client.read(url, request, sink, signal)
        return filled
      },
    }
    // The first part's header is nearly all of the joined one.
    const firstReadBytes = url === first ? maxBytes : Math.min(maxBytes, PART_HEADER_BYTES)
    return { url, totalBytes, header: await headerOf(file, { isPart: true, firstReadBytes, maxBytes }) }
  }

  async function openAll({ header, file }: Manifest, signal: AbortSignal) {
    const parts: Part[] = []
    // One after the other: together they cannot be longer than the manifest's, whatever a server sends.
    let left = header.sizeBytes
    for (const url of urls) {
      const part = await openPart(url, Math.max(0, left) + PART_OWN_BYTES, signal)
      left -= part.header.dataOffset
      parts.push(part)
    }
    const joined = joinParts(parts.map((part) => part.header))
    const sha256 = createHash('sha256').update(joined.header).digest('hex')
    if (joined.fileSizeBytes !== file.sizeBytes || sha256 !== header.sha256) {
      throw new EspalierError('SOURCE_CHANGED', `${first?.host} has the files of another model`)
    }
    return { parts, joined }
  }

  return {
    id: `http:${first.host}${first.pathname}`,
    kind: 'http',
    label: first.host,
    hasHeader: true,
    async open(manifest, signal) {
      model = await openAll(manifest, signal)
      return null
    },
    async read({ offset, sizeBytes }, sink, signal) {
      if (model === null) throw new EspalierError('INTERNAL', 'read before it was opened')
      const end = offset + sizeBytes
      for (let at = offset; at < end; ) {
        const region = model.joined.regionAt(at)
        const length = Math.min(region.sizeBytes, end - at)
        const part = region.kind === 'part' ? model.parts[region.part] : undefined
        if (length === 0) throw new EspalierError('GGUF_TRUNCATED', `the model ends at byte ${at}`)
        if (region.kind === 'part' && part) {
          const { url, totalBytes } = part
          await client.read(url, { offset: region.offset, sizeBytes: length, totalBytes }, sink, signal)
        } else {
          await sink(region.kind === 'bytes' ? region.bytes.subarray(0, length) : new Uint8Array(length))
        }
        at += length
      }
    },
    close: async () => client.close(),
  }
}

const noSink = () => undefined
