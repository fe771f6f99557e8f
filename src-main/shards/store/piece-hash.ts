/**
 * Hex SHA-256 of a piece that lies in memory as a whole, on the thread pool: whoever reads the next one from the disk
 * meanwhile is not held up. A piece that comes bit by bit is hashed as it comes (fetch/assembler.ts). The bytes are
 * copied before this returns, so the caller may reuse them.
 */
export async function hashPiece(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex')
}
