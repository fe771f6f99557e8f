import { ERROR_CODES, type ErrorCode } from '../../src-shared/error-catalogue'
import { EspalierError } from '../../src-shared/errors'
import { MAX_TALKS, type PeerTalk } from '../../src-shared/readiness'
import type { CrossView } from '../observe/readiness'
import type { SentCommand } from '../shards/commands/command-service'

const CODES: ReadonlySet<string> = new Set(ERROR_CODES)

export interface PeerTalkNow {
  /** The nodes that serve our model. */
  peers: Iterable<string>
  /** The last command to each. */
  sent: readonly SentCommand[]
  views: readonly CrossView[]
  isConnected: (peer: string) => boolean
}

/**
 * This node's row of the matrix of who talks to whom, with what each of them holds of us. A command under way says
 * nothing yet, so the one before it stays until then: a link that is cut would flicker otherwise.
 */
export function createPeerTalk(): (now: PeerTalkNow) => PeerTalk[] {
  let ended = new Map<string, SentCommand>()
  return ({ peers, sent, views, isConnected }) => {
    const last = new Map(sent.map((command) => [command.peer, command]))
    const seen = new Map(views.map(({ peer, seesUs }) => [peer, seesUs]))
    const next = new Map<string, SentCommand>()
    const talks = [...peers].map((peer): PeerTalk => {
      const newest = last.get(peer)
      const command = newest?.outcome == null ? (ended.get(peer) ?? newest) : newest
      if (command && command.outcome !== null) next.set(peer, command)
      return {
        peer,
        isConnected: isConnected(peer),
        command: command ? shown(command) : null,
        seesUs: seen.get(peer) ?? null,
      }
    })
    ended = next
    return talks.sort((a, b) => trouble(b) - trouble(a) || (a.peer < b.peer ? -1 : 1)).slice(0, MAX_TALKS)
  }
}

function shown({ type, at, roundTripMs, outcome }: SentCommand): PeerTalk['command'] {
  const failure = outcome !== null && isCode(outcome) ? new EspalierError(outcome).report() : null
  return { type, at, roundTripMs, failure }
}

function isCode(outcome: string): outcome is ErrorCode {
  return CODES.has(outcome)
}

function trouble({ command, seesUs }: PeerTalk): number {
  return (command?.failure ? 2 : 0) + (seesUs === false ? 1 : 0)
}
