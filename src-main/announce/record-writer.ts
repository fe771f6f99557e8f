import type { ServerInfo } from '../hivemind/server-info'
import type { RecordForm } from '../network/profiles'
import type { Announcement } from './announcement'

/** What came of one round. Filled as the round goes on, so that a failed one still tells how far it got. */
export interface WriteReport {
  /** Records that at least one other peer said it stored. */
  acknowledged: number
  total: number
  ackedBy: string[]
  /** Records found again at a peer that is not us, with this round's expiry. Large models are sampled. */
  readBack: { by: string; found: number; asked: number } | null
}

/** Writes what we say in one form and reads it back from others. */
export interface RecordWriter {
  readonly form: RecordForm
  /** At most this long for one round. */
  readonly roundTimeoutMs: number
  /** @throws NOT_STORED, NOT_READ_BACK, RECORD_INVALID; `report` holds what was reached before */
  write(what: Announcement, info: ServerInfo, report: WriteReport, options: WriteOptions): Promise<void>
}

export interface WriteOptions {
  signal: AbortSignal
  /** Of several models of one node, one writes what there is once a node. */
  speaksForNode: boolean
}
