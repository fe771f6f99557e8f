import { type BlockRange, formatBlocks } from '../../src-shared/blocks'
import type { ErrorCode } from '../../src-shared/error-catalogue'
import type { NodePhase, StatusShape, Step, StepName } from '../../src-shared/status'

export interface Summary {
  shape: StatusShape
  headline: string
  sentence: string
}

const DOING: Record<StepName, string> = {
  connect: 'Connecting',
  register: 'Registering',
  approve: 'Waiting for approval',
  fetch: 'Getting the model’s blocks',
  load: 'Loading',
  prove: 'Testing the loaded blocks',
  announce: 'Announcing',
  visible: 'Checking from outside',
  serve: 'Checking the way in',
}

const WHY: Record<StepName, string> = {
  connect: 'Looking for the network’s bootstrap peers.',
  register: 'Telling the coordinator what this computer can give.',
  approve: 'The host decides who joins.',
  fetch: 'Only the assigned blocks are read, and every piece is hashed.',
  load: 'llama.cpp is loading the slice.',
  prove: 'A test pass must give the answer of the manifest.',
  announce: 'Records go to the bootstraps and the nearest peers.',
  visible: 'Two other peers are asked to read the records back and to dial this node.',
  serve: 'Another peer is asked to reach the blocks on a new connection.',
}

/** Nothing is wrong: the operator wanted it so, or it is how things begin. */
const CALM_WAITS: Partial<Record<ErrorCode, string>> = {
  ALONE: 'The only node of this network',
  FETCH_PAUSED: 'Paused by you',
  LOAD_AWAITED: 'Waiting for the coordinator',
}

/** One state in plain words, from the first step that is not done: the most upstream cause wins. */
export function summarize(
  phase: NodePhase,
  steps: readonly Step[],
  blocks: BlockRange | null,
  activeSessions: number,
): Summary {
  if (phase === 'stopped')
    return { shape: 'stopped', headline: 'Stopped', sentence: 'This computer gives nothing to the network now.' }
  if (phase === 'stopping')
    return { shape: 'working', headline: 'Stopping', sentence: 'Taking leave: sessions end, records say offline.' }

  const problem = steps.find(({ state }) => state === 'failed') ?? steps.find(({ state }) => state === 'degraded')
  if (problem?.blocker) {
    const shape =
      problem.state === 'failed' && !steps.some(({ name, state }) => name === 'visible' && state === 'done')
        ? 'problem'
        : 'degraded'
    return { shape, headline: headlineOf(problem, steps), sentence: sentenceOf(problem) }
  }
  const current = steps.find(({ state }) => state !== 'done')
  if (current) {
    const calm = current.blocker && CALM_WAITS[current.blocker.code]
    if (calm) return { shape: 'waiting', headline: calm, sentence: sentenceOf(current) }
    if (current.blocker && current.state === 'waiting')
      return { shape: 'degraded', headline: `${DOING[current.name]}, with a problem`, sentence: sentenceOf(current) }
    const shape = current.state === 'waiting' ? 'waiting' : 'working'
    // Seen, and nobody there who could look at the way in: that is no trouble.
    if (current.name === 'serve' && shape === 'waiting') {
      const sentence = sentences(seenSentence(steps), current.next?.what)
      return { shape, headline: 'Visible, waiting for work', sentence }
    }
    return {
      shape,
      headline: `${DOING[current.name]}${percentOf(current)}`,
      sentence: sentences(WHY[current.name], current.next?.what),
    }
  }
  const busy =
    activeSessions === 0
      ? ''
      : ` ${activeSessions === 1 ? '1 conversation is' : `${activeSessions} conversations are`} passing through now.`
  return {
    shape: 'visible',
    headline: blocks ? `Serving block${blocks.end - blocks.start === 1 ? '' : 's'} ${formatBlocks(blocks)}` : 'Serving',
    sentence: `${seenSentence(steps)}${busy}`,
  }
}

function seenSentence(steps: readonly Step[]): string {
  const seen = steps.find(({ name }) => name === 'visible')?.evidence ?? []
  return `Seen by ${dialledBackBy(seen).map(shortPeer).join(' and ')}, and dialled back.`
}

/** Of those who see this node the ones who dialled it; others have only read its records. */
export function dialledBackBy(evidence: Step['evidence']): string[] {
  return evidence.flatMap(({ kind, by, value }) => (kind === 'peer' && value.startsWith('dialled back') ? [by] : []))
}

/** How far a step is, where it says so; whole percents, and never the hundredth before it is done. */
function percentOf({ state, progress }: Step): string {
  if (state !== 'working' || !progress || !(progress.total > 0)) return ''
  return `, ${Math.min(99, Math.max(0, Math.floor((100 * progress.done) / progress.total)))} %`
}

function headlineOf({ name, state }: Step, steps: readonly Step[]): string {
  if (state === 'degraded') {
    if (name === 'visible' || name === 'announce') return 'Nobody can confirm this node now'
    // To serve is something that others have confirmed; until then it is only on its way there.
    const current = steps.find((step) => step.state !== 'done' && step.state !== 'degraded')
    return current ? `${DOING[current.name]}, with a problem` : 'Serving with a problem'
  }
  if (name === 'visible') return 'Connected, but not visible yet'
  return name === 'approve' ? 'Not approved' : `${DOING[name]} does not work`
}

function sentenceOf({ blocker, next }: Step): string {
  return sentences(blocker?.cause, blocker?.action, next?.what)
}

function sentences(...parts: (string | undefined)[]): string {
  const said = parts.flatMap((part) => (part ? [part.replace(/\.$/, '')] : []))
  return `${said.join('. ')}.`.slice(0, 600)
}

export function shortPeer(peerId: string): string {
  return peerId.length > 14 ? `${peerId.slice(0, 4)}…${peerId.slice(-4)}` : peerId
}
