import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Disposer } from '../../src-shared/clock'
import type { EventPayload } from '../../src-shared/contract'
import type { SamplingWish } from '../../src-shared/generation'
import type { BridgeClient } from '../bridge-client'
import { PLAIN_FORM, type SamplingForm } from '../sampling-form'
import { say } from '../words'
import { failureOf } from './failure'
import type { Frames } from './frames'
import {
  type AskMode,
  beginGeneration,
  type Generation,
  isBusy,
  talkWith,
  turnsOf,
  withEnd,
  withFailure,
  withRouteChange,
  withToken,
} from './generation'

export interface GenerationState {
  generation: Generation | null
  /** A chat's answers before that one, oldest first. */
  talk: readonly Generation[]
  /** What stands in the prompt box; it outlives a walk to another page. */
  draft: {
    prompt: string
    maxTokens: string
    /** Null: as the model is made for. */
    mode: AskMode | null
    sampling: SamplingForm
  }
}

export interface Ask {
  prompt: string
  maxTokens: number
  mode?: AskMode
  /** Absent: the likeliest word each time. */
  sampling?: SamplingWish | undefined
}

const FIRST_DRAFT: GenerationState['draft'] = { prompt: '', maxTokens: '64', mode: null, sampling: PLAIN_FORM }

export interface GenerationStore {
  readonly state: StoreApi<GenerationState>
  write(draft: Partial<GenerationState['draft']>): void
  generate(ask: Ask): Promise<void>
  /** The next question begins a new chat. */
  forget(): void
  cancel(): Promise<void>
  dispose: Disposer
}

export function createGenerationStore(client: BridgeClient, frames: Frames): GenerationStore {
  const state = createStore<GenerationState>()(() => ({ generation: null, talk: [], draft: FIRST_DRAFT }))
  /** Text may overtake the reply that says which generation it belongs to. */
  let early: GenerationEvent[] = []

  const update = (change: (generation: Generation) => Generation) => {
    const { generation } = state.getState()
    if (generation) state.setState({ generation: change(generation) })
  }
  const onEvent = (event: GenerationEvent) => {
    if (state.getState().generation?.state === 'starting') early.push(event)
    else update((generation) => applyEvent(generation, event))
  }

  const disposers = [
    client.on('generate.token', (token) => frames.run(() => onEvent({ token }))),
    client.on('generate.route', (route) => frames.run(() => onEvent({ route }))),
    client.on('generate.end', (end) => frames.run(() => onEvent({ end }))),
    client.transport.onConnection((connection) => {
      if (connection.state !== 'open') update(lostOnTheWay)
    }),
  ]

  return {
    state,
    write: (draft) => state.setState(({ draft: before }) => ({ draft: { ...before, ...draft } })),
    async generate({ prompt, maxTokens, mode = 'text', sampling }) {
      const { generation: last, talk: before, draft } = state.getState()
      if (isBusy(last)) return
      const talk = talkWith(before, last, mode)
      // In a chat the words have been said; a text stays, to be changed and tried again.
      const next = mode === 'chat' ? { ...draft, prompt: '' } : draft
      state.setState({ generation: beginGeneration(prompt, mode), talk, draft: next })
      try {
        const { generationId } = await client.call('generate.start', {
          prompt: mode === 'chat' ? turnsOf(talk, prompt) : prompt,
          maxTokens,
          ...(sampling && { sampling }),
        })
        update((generation) => early.reduce(applyEvent, { ...generation, id: generationId, state: 'streaming' }))
      } catch (error) {
        update((generation) => withFailure(generation, failureOf(error)))
      } finally {
        early = []
      }
    },
    forget() {
      if (!isBusy(state.getState().generation)) state.setState({ generation: null, talk: [] })
    },
    async cancel() {
      const { generation } = state.getState()
      if (generation?.state !== 'streaming' || generation.id === null) return
      state.setState({ generation: { ...generation, state: 'stopping' } })
      try {
        await client.call('generate.cancel', { generationId: generation.id })
      } catch (error) {
        update((now) => (isBusy(now) ? withFailure(now, failureOf(error)) : now))
      }
    },
    dispose() {
      for (const dispose of disposers) dispose()
    },
  }
}

type GenerationEvent =
  | { token: EventPayload<'generate.token'> }
  | { route: EventPayload<'generate.route'> }
  | { end: EventPayload<'generate.end'> }

function applyEvent(generation: Generation, event: GenerationEvent): Generation {
  if ('token' in event) return withToken(generation, event.token)
  return 'route' in event ? withRouteChange(generation, event.route) : withEnd(generation, event.end)
}

/** What was said while we were away is lost, so the answer cannot be shown as a whole one. */
function lostOnTheWay(generation: Generation): Generation {
  if (!isBusy(generation)) return generation
  return withFailure(generation, {
    code: 'BRIDGE_DISCONNECTED',
    cause: say.PAGE_FAILURES.answerLost,
    action: say.PAGE_FAILURES.askAgain,
  })
}
