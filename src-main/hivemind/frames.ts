import type { Stream } from '@libp2p/interface'
import { type LengthPrefixedStream, lpStream } from '@libp2p/utils'
import { EspalierError } from '../../src-shared/errors'
import { MAX_FRAME_BYTES } from './envelope'

/** A protobuf varint length may be padded, but never beyond ten bytes. */
const MAX_PREFIX_BYTES = 10
/** One for all: noting where an error was made costs more than reading a length. */
const INCOMPLETE = new RangeError('incomplete')

/** Frames with a varint length before them, at most 4 MiB each. */
export function openFrames(stream: Stream, maxFrameBytes = MAX_FRAME_BYTES): LengthPrefixedStream<Stream> {
  return lpStream(stream, {
    maxDataLength: maxFrameBytes,
    // The buffer holds the prefix as well, and a chunk may carry more than the frame.
    maxBufferSize: maxFrameBytes + 1024 * 1024,
    maxLengthLength: MAX_PREFIX_BYTES,
    lengthDecoder: decodeLength,
  })
}

/** A RangeError means "more bytes, please" to the stream; anything else ends it, as an endless prefix must. */
function decodeLength(prefix: { byteLength: number; subarray(): Uint8Array }): number {
  const bytes = prefix.subarray()
  const last = bytes[bytes.length - 1] ?? 0x80
  if (last >= 0x80) {
    if (bytes.length < MAX_PREFIX_BYTES) throw INCOMPLETE
    throw new EspalierError('PROTOCOL_VIOLATION', 'a length without an end')
  }
  return bytes.reduce((sum, byte, index) => sum + (byte & 0x7f) * 2 ** (7 * index), 0)
}
