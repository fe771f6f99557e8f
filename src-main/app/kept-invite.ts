import * as z from 'zod'
import { MAX_INVITE_LENGTH } from '../membership/invite'
import { jsonFile } from '../storage/atomic-file'

const KeptSchema = z.object({ coordinatorUrl: z.string().max(500), invite: z.string().min(1).max(MAX_INVITE_LENGTH) })

/** The invite that a node was given and has not yet come in with: it outlives a restart, and not the approval. */
export interface KeptInvite {
  /** The signed part, when it is one of this coordinator's. */
  of(coordinatorUrl: string): Promise<string | null>
  keep(coordinatorUrl: string, invite: string): Promise<void>
  forget(): Promise<void>
}

export function openKeptInvite(path: string): KeptInvite {
  const file = jsonFile(path, KeptSchema, { refusesUnsaved: true })
  return {
    async of(coordinatorUrl) {
      const kept = await file.load()
      return kept?.coordinatorUrl === coordinatorUrl ? kept.invite : null
    },
    keep: (coordinatorUrl, invite) => file.save({ coordinatorUrl, invite }),
    forget: () => file.remove(),
  }
}
