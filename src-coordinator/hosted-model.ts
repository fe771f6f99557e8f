import { createHash } from 'node:crypto'

/** A model that this coordinator hands out, with the manifest that it made from its own copy. */
export interface HostedModel {
  name: string
  blockCount: number
  /** Cuts are allowed only at multiples of this; 1 for most architectures. */
  period: number
  /** As people know it, e.g. `Q4_K_M`. */
  quantization: string
  /** Served as it is, byte for byte, so that its hash means something. */
  manifestJson: string
  /** Bytes of the largest block's weights, where the manifest tells; for how many blocks fit into a memory. */
  blockBytes?: number
  /** Of the whole file. */
  sizeBytes?: number
}

export function manifestSha256(model: HostedModel): string {
  return createHash('sha256').update(model.manifestJson).digest('hex')
}

export function manifestPath(name: string): string {
  return `/models/${encodeURIComponent(name)}/manifest`
}
