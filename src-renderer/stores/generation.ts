import type { EventPayload } from '../../src-shared/contract'
import type { Failure } from '../bridge-client'

/** One question and what came of it. `stopping`: the operator asked to stop and the end has not come yet. */
export interface Generation {
  state: 'starting' | 'streaming' | 'stopping' | 'done' | 'stopped' | 'failed'
  id: string | null
  prompt: string
  text: string
  end: EventPayload<'generate.end'> | null
  failure: Failure | null
}

export function isBusy(generation: Generation | null): boolean {
  return generation !== null && ['starting', 'streaming', 'stopping'].includes(generation.state)
}

export function beginGeneration(prompt: string): Generation {
  return { state: 'starting', id: null, prompt, text: '', end: null, failure: null }
}

export function withToken(generation: Generation, token: EventPayload<'generate.token'>): Generation {
  if (generation.id !== token.generationId || !isBusy(generation)) return generation
  return { ...generation, text: generation.text + token.text }
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
