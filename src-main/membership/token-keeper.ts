import * as z from 'zod'
import type { Clock } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import { jsonFile } from '../storage/atomic-file'
import type { EventLog } from '../storage/event-log'
import { type CapabilityGrant, CapabilityGrantSchema } from './capability-grant'
import { TOKEN_LEEWAY_MS, type TokenAuthority } from './verify'

const KeptSchema = z.object({
  coordinator: z.string().max(500),
  /** Null after the coordinator has taken it back. */
  grant: CapabilityGrantSchema.nullable(),
  /** What the network was when it was last heard of; absent in files of older builds. */
  members_only: z.boolean().optional(),
})

/** A node's membership: its own token, and what it needs to judge other nodes' tokens. */
export interface TokenKeeper {
  /** Reads what was kept from the coordinator at `coordinatorUrl`; a file that is damaged or about another one counts as none. */
  load(): Promise<void>
  /**
   * What the coordinator gave with an answer; null takes it back (not approved any more). A grant of another shape is
   * logged and changes nothing.
   */
  accept(grant: unknown): void
  /** To show to the nodes of a route; null without one, or when it has run out. */
  token(): string | null
  /** Null when this network gives no tokens: then there is nothing to check. */
  authority(): TokenAuthority | null
  /**
   * Whether the network is for members only: sessions without a token are refused. Stays as it was when a grant is taken
   * back, so that whoever is no member any more does not take the network for an open one.
   */
  readonly membersOnly: boolean
  /** Resolves when what was accepted is on the disk. */
  settled(): Promise<void>
}

/**
 * Keeps the grant in a file that only its user can read, so that a node and its coordinator may both start again and
 * neither has to ask a person. Writes only what has changed, one after the other.
 */
export function createTokenKeeper(options: {
  file: string
  coordinatorUrl: string
  clock: Clock
  log: Pick<EventLog, 'write'>
}): TokenKeeper {
  const { clock, coordinatorUrl, log } = options
  const store = jsonFile(options.file, KeptSchema.nullable(), { keepsCopy: true })
  let grant: CapabilityGrant | null = null
  let authority: TokenAuthority | null = null
  let membersOnly = false
  let saving: Promise<void> = Promise.resolve()

  function take(next: CapabilityGrant | null): void {
    grant = next
    if (next) membersOnly = next.members_only
    authority = next && {
      networkId: next.network_id,
      keys: new Map(next.keys.map(({ kid, x }) => [kid, { kty: 'OKP', crv: 'Ed25519', x }])),
      revoked: new Set(next.revoked),
    }
  }

  return {
    async load() {
      const kept = await store.load()
      if (kept?.coordinator !== coordinatorUrl) return
      take(kept.grant)
      membersOnly = kept.grant?.members_only ?? kept.members_only ?? false
    },
    accept(offered) {
      const parsed = CapabilityGrantSchema.nullable().safeParse(offered)
      if (!parsed.success) {
        log.write('warn', 'membership.grant.invalid', 'the coordinator’s capability token is not as documented')
        return
      }
      if (JSON.stringify(parsed.data) === JSON.stringify(grant)) return
      take(parsed.data)
      const kept = { coordinator: coordinatorUrl, grant: parsed.data, members_only: membersOnly }
      saving = saving
        .then(() => store.save(kept))
        .catch((error: unknown) => log.write('error', 'membership.grant.unsaved', messageOf(error)))
    },
    token: () => (grant && clock.now() < grant.expires_at_ms + TOKEN_LEEWAY_MS ? grant.token : null),
    authority: () => authority,
    get membersOnly() {
      return membersOnly
    },
    settled: () => saving,
  }
}
