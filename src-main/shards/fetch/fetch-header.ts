import { createHash } from 'node:crypto'
import { EspalierError, reportOf } from '../../../src-shared/errors'
import type { Manifest } from '../manifest'
import { noteFailure, type SourceEntry, tierOf } from './source-book'
import { type WorkPlace, withTimeout } from './source-worker'
import type { FetchEvent } from './types'

/**
 * Asks one source after the other for the bytes before the tensors, until they have the manifest's hash. Null when
 * nobody had them in this round.
 */
export async function fetchHeader(
  manifest: Manifest,
  entries: readonly SourceEntry[],
  place: Pick<WorkPlace, 'clock' | 'signal' | 'limits'> & {
    emit(event: FetchEvent): void
    onReceived(sizeBytes: number): void
  },
): Promise<Uint8Array | null> {
  const { clock, signal, limits } = place
  const able = entries.filter(({ source }) => source.hasHeader).toSorted((a, b) => tierOf(a) - tierOf(b))
  for (const entry of able) {
    if (signal.aborted) throw signal.reason
    if (entry.state === 'excluded' || entry.retryAtMs > clock.monotonicMs()) continue
    try {
      entry.state = 'active'
      const bytes = await withTimeout(place, limits.stallMs, (inner) => readHeader(manifest, entry, place, inner))
      entry.state = 'waiting'
      if (createHash('sha256').update(bytes).digest('hex') === manifest.header.sha256) return bytes
      throw new EspalierError('SOURCE_CHANGED', `${entry.source.label} has another header`)
    } catch (error) {
      if (signal.aborted) throw signal.reason
      const excluded = noteFailure(entry, error, clock.monotonicMs())
      place.emit({ type: 'source-failed', source: entry.source.id, error: reportOf(error), excluded })
    }
  }
  return null
}

async function readHeader(
  manifest: Manifest,
  entry: SourceEntry,
  { onReceived }: { onReceived(sizeBytes: number): void },
  signal: AbortSignal,
): Promise<Uint8Array> {
  entry.available ??= await entry.source.open(manifest, signal)
  const bytes = new Uint8Array(manifest.header.sizeBytes)
  let filled = 0
  await entry.source.read(
    { offset: 0, sizeBytes: bytes.byteLength },
    (part) => {
      entry.receivedBytes += part.byteLength
      onReceived(part.byteLength)
      if (filled + part.byteLength > bytes.byteLength) {
        return Promise.reject(new EspalierError('PROTOCOL_VIOLATION', 'more bytes than were asked for'))
      }
      bytes.set(part, filled)
      filled += part.byteLength
      return undefined
    },
    signal,
  )
  if (filled < bytes.byteLength) throw new EspalierError('GGUF_TRUNCATED', `the header ended after ${filled} bytes`)
  return bytes
}
