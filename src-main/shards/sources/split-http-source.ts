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

  async function openPart(url: URL, firstReadBytes: number, signal: AbortSignal): Promise<Part> {
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
    return { url, totalBytes, header: await headerOf(file, { isPart: true, firstReadBytes }) }
  }

  async function openAll({ header, file }: Manifest, signal: AbortSignal) {
    // All the first part lacks of the joined header are the other parts' tensors.
    const sizes = urls.map((_, index) => (index === 0 ? header.sizeBytes + 1024 : PART_HEADER_BYTES))
    const parts = await Promise.all(urls.map((url, index) => openPart(url, sizes[index] ?? PART_HEADER_BYTES, signal)))
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
