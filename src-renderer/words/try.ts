import type { LostHop } from '../../src-shared/routing-trace'
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
/** With spot checks one more node reads along now and then. */
export const CHECKED_PRIVACY_LINE =
  'Every node on the route can read the prompt and the answer; so can one more where an answer is checked by chance.'
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
  modeLabel: 'How to ask',
  modes: { chat: 'Chat', text: 'Go on with a text' },
  modeHints: {
    chat: 'The model answers you, and remembers what was said here. All of it is sent with every question.',
    text: 'The model writes on where your text ends.',
  },
  noTemplate: 'This model’s file does not say how a chat is written. It is asked in plain words, and may answer oddly.',
  placeholders: { chat: 'Ask something', text: 'Begin a text; the model goes on' },
  newChat: 'New chat',
  talkLabel: 'What was said before',
  badgesLabel: 'Nodes that computed it',
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

export const SAMPLING = {
  title: 'How words are chosen',
  likeliest: 'the likeliest each time',
  drawn: 'drawn by chance',
  problems: 'some values need a look',
  fields: {
    temperature: {
      label: 'Temperature',
      hint: '0: the likeliest word each time.',
      problem: '0 to 5.',
      placeholder: '0',
    },
    topP: {
      label: 'Top-p',
      hint: 'Only the likeliest, up to this share.',
      problem: '0 to 1, or empty.',
      placeholder: 'off',
    },
    topK: { label: 'Top-k', hint: 'Only so many words.', problem: 'A whole number, or empty.', placeholder: 'off' },
    minP: { label: 'Min-p', hint: 'Of the likeliest one’s share.', problem: '0 to 1, or empty.', placeholder: 'off' },
    repeatPenalty: {
      label: 'Repeat penalty',
      hint: 'Above 1: fewer repetitions.',
      problem: '0.1 to 10, or empty.',
      placeholder: 'off',
    },
    seed: {
      label: 'Seed',
      hint: 'The same one, the same words.',
      problem: 'A whole number, or empty.',
      placeholder: 'new each time',
    },
  },
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

export function seedWords(seed: number): string {
  return `seed ${seed}`
}

/** The pause was seen; so the page says what it was. */
export function lostWords(lost: readonly LostHop[]): string {
  const pauseS = lost.reduce((sum, { pauseMs }) => sum + pauseMs, 0) / 1_000
  const pause = `${pauseS < 10 ? pauseS.toFixed(1) : Math.round(pauseS)}\u00a0s`
  return lost.length === 1
    ? `A node went away in the middle. The answer waited ${pause} and went on with another one.`
    : `${lost.length} nodes went away in the middle. The answer waited ${pause} in all and went on with others.`
}
