import type { Clock } from '../../src-shared/clock'
import type { MethodHandlers } from '../../src-shared/contract'
import { EspalierError } from '../../src-shared/errors'
import type { NetworkChoice, NetworkJoin } from '../../src-shared/settings'
import { isInsecureUrl, normaliseCoordinatorUrl } from '../coordinator/coordinator-url'
import { type InviteLink, parseInviteLink } from '../membership/invite'
import type { AppViewBook } from './app-view-book'
import type { DemoBounds } from './confine-demo'
import type { CurrentNode } from './current-node'

export interface Entrance {
  readonly handlers: Pick<MethodHandlers, 'network.join' | 'network.leave' | 'app.answerInvite'>
  /** Shows an invite that was opened from outside and waits for the answer. Throws INVITE_INVALID. */
  offerInvite(text: string): void
}

interface OfferedInvite {
  /** As it was opened. */
  text: string
  link: InviteLink
}

/** The ways into a network and out of it: chosen in the window, or by an invite that somebody has to confirm. */
export function createEntrance({
  clock,
  current,
  bounds,
  view,
}: {
  clock: Clock
  current: CurrentNode
  bounds: DemoBounds
  view: AppViewBook
}): Entrance {
  let invited: OfferedInvite | null = null

  async function enter(choice: NetworkJoin): Promise<void> {
    const [network, invite] = chosen(choice, clock.now())
    bounds.checkChoice(network)
    await current.choose(network, invite)
  }

  function offer(next: OfferedInvite | null): void {
    invited = next
    const link = next?.link
    view.change({
      invite: link
        ? {
            coordinatorUrl: link.coordinatorUrl,
            networkId: link.networkId,
            expiresAt: link.expiresAt,
            isInsecure: isInsecureUrl(link.coordinatorUrl),
          }
        : null,
    })
  }

  return {
    handlers: {
      async 'network.join'(choice) {
        await enter(choice)
        return {}
      },
      async 'network.leave'() {
        await current.choose(null)
        return {}
      },
      async 'app.answerInvite'({ accept, insecure = false }) {
        const offered = invited
        offer(null)
        if (!accept || !offered) return {}
        try {
          const { coordinatorUrl: url } = offered.link
          await enter({
            kind: 'coordinator',
            url,
            invite: offered.text,
            ...(insecure ? { insecure: true as const } : {}),
          })
        } catch (error) {
          // It has let nobody in, so it is not used up.
          offer(offered)
          throw error
        }
        return {}
      },
    },
    offerInvite(text) {
      const link = parseInviteLink(text, clock.now())
      // Only shown: an unencrypted one is joined when the answer says so.
      const coordinatorUrl = normaliseCoordinatorUrl(link.coordinatorUrl, { allowInsecure: true })
      offer({ text, link: { ...link, coordinatorUrl } })
    },
  }
}

/** A choice as it is kept, and the signed part of the invite that came with it. Throws INVITE_INVALID for another network's. */
function chosen(join: NetworkJoin, now: number): [NetworkChoice, string | null] {
  if (join.kind === 'demo') return [join, null]
  const { invite, ...choice } = join
  const normalised = (url: string) => normaliseCoordinatorUrl(url, { allowInsecure: join.insecure ?? false })
  const url = normalised(choice.url)
  if (invite === undefined) return [{ ...choice, url }, null]
  const link = parseInviteLink(invite, now)
  if (normalised(link.coordinatorUrl) !== url) throw new EspalierError('INVITE_INVALID', `it is not for ${url}`)
  return [{ ...choice, url }, link.invite]
}
