import type { BlockRange } from '../../src-shared/blocks'
import { blockKey, type ServerInfo } from '../hivemind/server-info'

export interface AnnouncedModel {
  dhtPrefix: string
  blockCount: number
  repository: string | null
}

/** What we say about ourselves; `state` decides what readers make of it. */
export interface Announcement {
  model: AnnouncedModel
  range: BlockRange
  /** Asked for anew in every round. */
  info: () => ServerInfo
}

/** One key a block of the half-open range. */
export function announcedKeys({ model, range }: Pick<Announcement, 'model' | 'range'>): string[] {
  return Array.from({ length: range.end - range.start }, (_, i) => blockKey(model.dhtPrefix, range.start + i))
}
