import { createHash } from 'node:crypto'
import type { PieceSpan } from './pieces'

export interface HashedHeader {
  readonly sizeBytes: number
  /** Hex. */
  readonly sha256: string
}

export type HashedPiece = PieceSpan & { readonly sha256: string }

const ROLE_NUMBERS = { header: 0, entry: 1, block: 2, exit: 3, shared: 4 } as const
const NO_BLOCK = 0xffffffff

/**
 * The name of a model's bytes, hex. A binary SHA-256 tree over the header and the pieces in file order:
 *
 *   leaf = H(0x00 ‖ role u8 ‖ block u32 ‖ offset u64 ‖ size u64 ‖ digest)   big-endian; block 0xffffffff for none
 *   node = H(0x01 ‖ left ‖ right)                                           an odd last one moves up as it is
 *   root = H(0x02 ‖ "espalier model 1" ‖ leaf count u32 ‖ top)
 *
 * The three prefixes keep leaves, nodes and roots from standing in for each other; offsets, sizes and roles are
 * hashed too, so that a manifest with the same root cuts the file in the same way.
 */
export function merkleRoot(header: HashedHeader, pieces: readonly HashedPiece[]): string {
  const leaves = [
    leaf(ROLE_NUMBERS.header, null, 0, header.sizeBytes, header.sha256),
    ...pieces.map(({ role, block, offset, sizeBytes, sha256 }) =>
      leaf(ROLE_NUMBERS[role], block, offset, sizeBytes, sha256),
    ),
  ]
  let level: Uint8Array[] = leaves
  while (level.length > 1) {
    const above: Uint8Array[] = []
    for (let at = 0; at < level.length; at += 2) {
      const [left, right] = level.slice(at, at + 2)
      if (left !== undefined) above.push(right === undefined ? left : digest(Uint8Array.of(1), left, right))
    }
    level = above
  }
  const count = Buffer.alloc(4)
  count.writeUInt32BE(leaves.length)
  const top = level[0] ?? new Uint8Array(0)
  return digest(Uint8Array.of(2), Buffer.from('espalier model 1', 'latin1'), count, top).toString('hex')
}

function leaf(role: number, block: number | null, offset: number, sizeBytes: number, sha256: string): Buffer {
  const fields = Buffer.alloc(22)
  fields.writeUInt8(0, 0)
  fields.writeUInt8(role, 1)
  fields.writeUInt32BE(block ?? NO_BLOCK, 2)
  fields.writeBigUInt64BE(BigInt(offset), 6)
  fields.writeBigUInt64BE(BigInt(sizeBytes), 14)
  return digest(fields, Buffer.from(sha256, 'hex'))
}

function digest(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
