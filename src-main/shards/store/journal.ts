import { crc32 } from 'node:zlib'
import type { ShardFile, ShardFileSystem } from './file-system'

export interface JournalState {
  /** Pieces that were verified when they were written. They are hashed again before they count. */
  readonly verified: ReadonlySet<number>
  /** How many bytes of an unfinished piece lie in the files, from its beginning. */
  readonly partial: ReadonlyMap<number, number>
}

/**
 * What is already on the disk, appended while bytes arrive: after a kill at any moment the next fetch goes on from
 * here. It is a hint and not a proof, so a line that was lost or a block that the disk never got costs a piece, not
 * the truth.
 */
export interface Journal {
  readonly state: JournalState
  verified(pieceIndex: number): Promise<void>
  partial(pieceIndex: number, sizeBytes: number): Promise<void>
  /** The piece has to be fetched from its beginning. */
  dropped(pieceIndex: number): Promise<void>
  sync(): Promise<void>
  close(): Promise<void>
}

const MAGIC = Buffer.from('espalier pieces 1\n', 'latin1')
const RECORD_BYTES = 16
const KIND = { verified: 1, partial: 2, dropped: 3 } as const
/** Three records for each of the most pieces that a manifest may have, and room for progress. */
const MAX_JOURNAL_BYTES = 64 * 2 ** 20

/** Opens the journal, or begins one; one of another kind, or the torn end of one, is cut off. */
export async function openJournal(disk: ShardFileSystem, path: string): Promise<Journal> {
  const found = await disk.facts(path)
  const bytes =
    found !== null && found.sizeBytes <= MAX_JOURNAL_BYTES ? await disk.readSmall(path, MAX_JOURNAL_BYTES) : null
  const { state, endsAt } = replay(bytes ?? new Uint8Array(0))
  const file = await disk.open(path, 'update')
  try {
    if (endsAt === 0) await file.write(MAGIC, 0)
    await file.truncate(Math.max(endsAt, MAGIC.byteLength))
  } catch (error) {
    await file.close()
    throw error
  }
  return journal(file, state, Math.max(endsAt, MAGIC.byteLength))
}

function journal(file: ShardFile, state: JournalState, endsAt: number): Journal {
  let position = endsAt
  async function append(kind: number, piece: number, value: number): Promise<void> {
    const record = Buffer.alloc(RECORD_BYTES)
    record.writeUInt32LE(kind, 0)
    record.writeUInt32LE(piece, 4)
    record.writeUInt32LE(value, 8)
    record.writeUInt32LE(crc32(record.subarray(0, 12)), 12)
    const at = position
    // Taken before the write: two appends under way must not meet. A failed one leaves a hole that ends the replay.
    position += RECORD_BYTES
    await file.write(record, at)
  }
  return {
    state,
    verified: (piece) => append(KIND.verified, piece, 0),
    partial: (piece, sizeBytes) => append(KIND.partial, piece, sizeBytes),
    dropped: (piece) => append(KIND.dropped, piece, 0),
    sync: () => file.sync(),
    close: () => file.close(),
  }
}

function replay(bytes: Uint8Array): { state: JournalState; endsAt: number } {
  const verified = new Set<number>()
  const partial = new Map<number, number>()
  const state = { verified, partial }
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (!buffer.subarray(0, MAGIC.byteLength).equals(MAGIC)) return { state, endsAt: 0 }
  let at = MAGIC.byteLength
  for (; at + RECORD_BYTES <= buffer.byteLength; at += RECORD_BYTES) {
    if (buffer.readUInt32LE(at + 12) !== crc32(buffer.subarray(at, at + 12))) break
    const kind = buffer.readUInt32LE(at)
    const piece = buffer.readUInt32LE(at + 4)
    partial.delete(piece)
    if (kind === KIND.verified) verified.add(piece)
    else verified.delete(piece)
    if (kind === KIND.partial) partial.set(piece, buffer.readUInt32LE(at + 8))
  }
  return { state, endsAt: at }
}
