import type { Manifest } from '../manifest'

/** In the order in which they are asked: what lies on this computer first, a mirror of somebody's last. */
export const SOURCE_KINDS = ['store', 'folder', 'file', 'lan', 'swarm', 'http'] as const
export type SourceKind = (typeof SOURCE_KINDS)[number]

export function isLocal(kind: SourceKind): boolean {
  return kind === 'store' || kind === 'folder' || kind === 'file'
}

/** Bytes [offset, offset + sizeBytes) of the model file; the header or a run of whole pieces, or the end of such. */
export interface ByteRequest {
  readonly offset: number
  readonly sizeBytes: number
}

/**
 * Takes the next bytes of a request. It copies what it keeps: their memory may be given back as soon as it has returned,
 * or its promise is settled. While a returned promise is open, no more may come:
 * that is how memory stays bounded when the disk is slower than the source. A rejection ends the request.
 */
export type ByteSink = (bytes: Uint8Array) => Promise<void> | undefined

/** Somewhere the bytes of one model may come from. Nothing that it says is believed before it is hashed. */
export interface ByteSource {
  /** Unique among the sources of a fetch, and fit for logs: no credentials. */
  readonly id: string
  readonly kind: SourceKind
  /** For people: a file name, a host, the short form of a peer id. */
  readonly label: string
  /** Whether it can also give the bytes before the tensors. A slice can't: it has a header of its own. */
  readonly hasHeader: boolean
  /**
   * Finds out which pieces can be had. Null: all of them. Throws what permanent (`isPermanent`) and passing errors
   * there are: SHARD_MISSING, SOURCE_REFUSED, SOURCE_CHANGED, PEER_UNREACHABLE, TIMED_OUT…
   */
  open(manifest: Manifest, signal: AbortSignal): Promise<ReadonlySet<number> | null>
  /** Streams the request into the sink, in order; resolves after its last byte was taken. */
  read(request: ByteRequest, sink: ByteSink, signal: AbortSignal): Promise<void>
  close(): Promise<void>
}
