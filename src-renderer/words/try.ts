import type { NodeStatus } from '../../src-shared/status'
import type { Generation } from '../stores/generation'
import { blockWords, gapsOf, isSingle } from './node'

/** Why no prompt can be sent now; null when one can. */
export function whyNoPrompt(status: NodeStatus): string | null {
  if (status.phase === 'stopped') return 'Start the node first: your prompt travels through it.'
  if (status.phase === 'stopping') return 'The node is stopping.'
  if (status.model === null) return 'No model yet: it comes with the host’s approval.'
  const gaps = gapsOf(status.coverage)
  if (status.coverage.length === 0) return 'Not known yet who serves which block.'
  if (gaps.length > 0)
    return `No answer can pass yet: ${blockWords(gaps)} ${gaps.length === 1 && isSingle(gaps[0]) ? 'is' : 'are'} served by nobody.`
  return null
}

export const PRIVACY_LINE = 'Every node on the route can read the prompt and the answer.'
export const SAMPLE_MODEL_LINE = 'A small sample model writes here, for show. Rely on nothing that it says.'

export const GENERATION_STATES: Readonly<Record<Generation['state'], string>> = {
  starting: 'Asking for a route…',
  streaming: 'Writing…',
  stopping: 'Stopping…',
  done: 'Complete',
  stopped: 'Stopped by you',
  failed: 'Did not finish',
}

export const TRY = {
  title: 'Try it',
  placeholder: 'Begin a text; the model goes on',
  promptLabel: 'Prompt',
  atMost: 'at most',
  tokens: 'tokens',
  maxTokensLabel: 'Most tokens to write',
  send: 'Send',
  stop: 'Stop writing',
  noContact: 'No contact with the node.',
  readOnly: 'This link shows the node; prompts need the operator’s link.',
  answerLabel: 'Answer',
  routeLabel: 'Route of the answer',
  routeTitle: 'Route',
  emptyTitle: 'The answer appears here',
  emptyText: 'It is written word by word, while your prompt travels through the nodes that hold the model.',
} as const

export const SAMPLE_PROMPTS = ['A hacker is', 'To grok something means', 'A kludge, n.'] as const
export const PLAIN_PROMPTS = [
  'Once upon a time',
  'The three laws of thermodynamics are',
  'In plain words, entropy is',
] as const

export function tryLead(status: NodeStatus): string {
  if (!status.model) return 'A prompt travels through all nodes that hold a part of the model.'
  return `Your prompt goes through all ${status.model.blockCount} blocks of ${status.model.name}, from node to node.`
}

export function tokenCountWords(count: number): string {
  return count === 1 ? '1 token' : `${count.toLocaleString('en')} tokens`
}

export function tokenRangeWords(max: number): string {
  return `Between 1 and ${max.toLocaleString('en')} tokens.`
}

/** Who has read, or will read, what is written here. */
export function readersWords(names: readonly string[]): string {
  if (names.length === 0) return PRIVACY_LINE
  const list = names.length === 1 ? names[0] : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
  return `Read on the way by ${list}.`
}
