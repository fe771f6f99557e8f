import type { PauseReason } from '../../src-shared/app-view'
import type { ErrorReport } from '../../src-shared/errors'
import { NO_PROFILE } from '../../src-shared/node-action'
import type { NetworkChoice } from '../../src-shared/settings'
import { emptySteps, type NodeStatus } from '../../src-shared/status'
import { type NetworkProfile, PROFILES } from '../network/profiles'
import { NO_RESOURCES } from '../node/resources'
import { type Summary, summarize } from '../node/words'

/** Why there is no node to ask. `opening`: one will be there in a moment. */
export type Situation =
  | { kind: 'idle' }
  | { kind: 'opening' }
  | { kind: 'failed'; report: ErrorReport }
  /** Safe mode: it was to run, and somebody has to look first. */
  | { kind: 'held-back'; report: ErrorReport }
  /** Its owner comes first: it starts again by itself. */
  | { kind: 'resting'; reasons: readonly PauseReason[] }

/** What can be said while there is no node. */
export function idleStatus(options: {
  network: NetworkChoice | null
  situation: Situation
  publicName: string
  revision: number
  at: number
  /** By earlier runs. */
  given: Pick<NodeStatus['contribution'], 'tokens' | 'requests'>
  /** Of a program that was started in one, or with peers to begin with; then nothing is left to choose. */
  pinned?: NetworkProfile | undefined
}): NodeStatus {
  const { network, situation, publicName, revision, at, given, pinned } = options
  const profile = network?.kind === 'demo' ? PROFILES.local : (pinned ?? PROFILES.espalier)
  const isChosen = network !== null || pinned !== undefined
  return {
    revision,
    at,
    phase: situation.kind === 'opening' ? 'starting' : 'stopped',
    ...wordsOf(network, situation, isChosen),
    watermark: isChosen ? profile.watermark : null,
    peerId: null,
    publicName,
    profile: isChosen ? profile.name : NO_PROFILE,
    listenAddresses: [],
    coordinatorUrl: network?.kind === 'coordinator' ? network.url : null,
    model: null,
    blocks: null,
    loadLevel: 'L0',
    coverage: [],
    peers: [],
    steps: emptySteps(),
    ...(situation.kind === 'held-back' && { heldBack: situation.report }),
    contribution: { requests: given.requests, tokens: given.tokens, upSince: null },
    resources: NO_RESOURCES,
  }
}

function wordsOf(network: NetworkChoice | null, situation: Situation, isChosen: boolean): Summary {
  if (situation.kind === 'failed') {
    const { cause, action } = situation.report
    return { shape: 'problem', headline: 'The node did not start', sentence: `${cause}. ${action}`.slice(0, 600) }
  }
  if (situation.kind === 'held-back') {
    const { cause, action } = situation.report
    const sentence = `${cause}. The node was not started this time. ${action}`.slice(0, 600)
    return { shape: 'problem', headline: 'Safe mode', sentence }
  }
  if (situation.kind === 'resting') {
    return {
      shape: 'waiting',
      headline: 'Resting',
      sentence: `${restWords(situation.reasons)} The node has told the network and gave its memory back; it starts again by itself.`,
    }
  }
  if (situation.kind === 'opening') {
    return network?.kind === 'demo'
      ? {
          shape: 'working',
          headline: 'Starting the demonstration',
          sentence: 'A coordinator and two other nodes start on this computer.',
        }
      : {
          shape: 'working',
          headline: 'Starting',
          sentence:
            network === null
              ? 'It begins with the peers that it was told.'
              : 'The coordinator is asked about its network.',
        }
  }
  if (!isChosen) {
    return { shape: 'stopped', headline: 'Not part of a network yet', sentence: 'Choose a network to begin.' }
  }
  return summarize('stopped', [], null, 0)
}

const REST_WORDS: Readonly<Record<PauseReason, string>> = {
  battery: 'This computer runs on its battery.',
  metered: 'This connection is paid for by use.',
  'full-screen': 'A program fills the whole screen.',
  'user-active': 'Somebody works at this computer.',
  'quiet-hours': 'These are the quiet hours that you chose.',
}

function restWords(reasons: readonly PauseReason[]): string {
  return reasons.map((reason) => REST_WORDS[reason]).join(' ')
}
