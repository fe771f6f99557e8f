import type { EventPayload } from '../../src-shared/contract'
import type { ChatTurn } from '../../src-shared/generation'
import type { RouteChange } from '../../src-shared/routing-trace'
import type { NodeStatus } from '../../src-shared/status'
import type { Failure } from '../bridge-client'

/** A chat goes on from what was said before; a text is gone on with as it stands. */
export type AskMode = 'chat' | 'text'

/** Without a template a model was made to go on with texts, and talks badly. */
export function modeOf(chosen: AskMode | null, status: NodeStatus): AskMode {
  return chosen ?? (status.model?.hasChatTemplate ? 'chat' : 'text')
}

/** One question and what came of it. `stopping`: the operator asked to stop and the end has not come yet. */
export interface Generation {
  state: 'starting' | 'streaming' | 'stopping' | 'done' | 'stopped' | 'failed'
  id: string | null
  mode: AskMode
  prompt: string
  text: string
  /** The last change of its route, while it is being written. */
  change: RouteChange | null
  end: EventPayload<'generate.end'> | null
  failure: Failure | null
}

export function isBusy(generation: Generation | null): boolean {
  return generation !== null && ['starting', 'streaming', 'stopping'].includes(generation.state)
}

export function beginGeneration(prompt: string, mode: AskMode): Generation {
  return { state: 'starting', id: null, mode, prompt, text: '', change: null, end: null, failure: null }
}

/** The chat with this generation at its end: an answer that never came is left out, with its question. */
export function talkWith(talk: readonly Generation[], last: Generation | null, mode: AskMode): readonly Generation[] {
  if (mode === 'text' || last?.mode === 'text') return []
  return last && last.text.trim() !== '' ? [...talk, last] : talk
}

/** What a chat is asked with: all of it, each time. */
export function turnsOf(talk: readonly Generation[], prompt: string): ChatTurn[] {
  const before = talk.flatMap((said): ChatTurn[] => [
    { role: 'user', text: said.prompt },
    { role: 'assistant', text: said.text },
  ])
  return [...before, { role: 'user', text: prompt }]
}

export function withToken(generation: Generation, token: EventPayload<'generate.token'>): Generation {
  if (generation.id !== token.generationId || !isBusy(generation)) return generation
  return { ...generation, text: generation.text + token.text }
}

export function withRouteChange(generation: Generation, change: EventPayload<'generate.route'>): Generation {
  if (generation.id !== change.generationId || !isBusy(generation)) return generation
  return { ...generation, change }
}

export function withEnd(generation: Generation, end: EventPayload<'generate.end'>): Generation {
  if (generation.id !== end.generationId || !isBusy(generation)) return generation
  if (end.error === null) return { ...generation, state: 'done', end }
  // A host that stops cancels too; only what the operator asked for counts as stopped by them.
  if (end.error.code === 'CANCELLED' && generation.state === 'stopping') return { ...generation, state: 'stopped', end }
  return { ...generation, state: 'failed', end, failure: end.error }
}

export function withFailure(generation: Generation, failure: Failure): Generation {
  return { ...generation, state: 'failed', failure }
}
