import { formatWhole } from '../../format'
import type { Generation } from '../../stores/generation'
import { counted } from '../counted'

export const PRIVACY_LINE: string = 'Every node on the route can read the prompt and the answer.'
/** With spot checks one more node reads along now and then. */
export const CHECKED_PRIVACY_LINE: string =
  'Every node on the route can read the prompt and the answer; so can one more where an answer is checked by chance.'
export const SAMPLE_MODEL_LINE: string = 'A small sample model writes here, for show. Rely on nothing that it says.'

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
}

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
}

export const PLAIN_PROMPTS = ['Once upon a time', 'The three laws of thermodynamics are', 'In plain words, entropy is']

export const PROMPT = {
  stopped: 'Start the node first: your prompt travels through it.',
  stopping: 'The node is stopping.',
  noModel: 'No model yet: it comes with the host’s approval.',
  noCoverage: 'Not known yet who serves which block.',
  notLoaded: 'Your node can ask once its own blocks are loaded and tested.',
  gaps: (blocks: string, isOne: boolean) =>
    `No answer can pass yet: ${blocks} ${isOne ? 'is' : 'are'} served by nobody.`,
  leadNoModel: 'A prompt travels through all nodes that hold a part of the model.',
  lead: (model: string, blocks: number) =>
    `Your prompt goes through all ${blocks} blocks of ${model}, from node to node.`,
}

export const ANSWER = {
  tokens: (count: number) => counted(count, '# token', '# tokens'),
  range: (max: number) => `Between 1 and ${formatWhole(max)} tokens.`,
  and: (names: string, last: string) => `${names} and ${last}`,
  readers: (names: string) => `Read on the way by ${names}.`,
  seed: (seed: number) => `seed ${seed}`,
  lost: (nodes: number, pause: string) =>
    nodes === 1
      ? `A node went away in the middle. The answer waited ${pause} and went on with another one.`
      : `${nodes} nodes went away in the middle. The answer waited ${pause} in all and went on with others.`,
  rate: (tokensPerSecond: string) => `${tokensPerSecond} tokens/s`,
}
