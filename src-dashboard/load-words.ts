import { formatBytes } from '../src-renderer/format'
import { say } from '../src-renderer/words'
import type { FeedWorker } from './feed'
import { named } from './words'

/** Codes of a worker that has not heard it; with any other it has, and refused. */
const UNREACHED: ReadonlySet<string> = new Set(['PEER_UNREACHABLE', 'TIMED_OUT'])

/** What became of LOAD_SHARD; empty where that is of no interest any more. */
export function loadWords({ x_load: load, x_serving: isServing }: Pick<FeedWorker, 'x_load' | 'x_serving'>): string {
  const { LOAD_COMMAND } = say
  if (!load || (isServing && !load.isAsked && load.state === 'answered')) return ''
  const why = load.trouble ? `: ${lowerFirst(load.trouble.cause)}` : ''
  switch (load.state) {
    case 'sending':
      return load.attempt === 1 ? LOAD_COMMAND.sending : LOAD_COMMAND.sendingAgain(load.attempt, load.attempts) + why
    case 'answered': {
      const answer = load.answer ?? ''
      const said = named(LOAD_COMMAND.answers, answer) ?? (answer || LOAD_COMMAND.heard)
      const bytes = load.total ? `, ${LOAD_COMMAND.bytes(formatBytes(load.done ?? 0), formatBytes(load.total))}` : ''
      return LOAD_COMMAND.answered(said) + bytes
    }
    case 'refused':
      return (UNREACHED.has(load.trouble?.code ?? '') ? LOAD_COMMAND.unreached : LOAD_COMMAND.refused) + why
    case 'cancelling':
      return LOAD_COMMAND.cancelling
    case 'cancelled':
      return LOAD_COMMAND.cancelled
    case 'uncancelled':
      return LOAD_COMMAND.uncancelled + why
    default:
      return `LOAD_SHARD: ${load.state}`
  }
}

/** Whether it can be told to load now: not while it is told something already. */
export function maySendLoad({ x_load: load }: Pick<FeedWorker, 'x_load'>): boolean {
  return load?.state !== 'sending' && load?.state !== 'cancelling'
}

/** Whether it was told to load, and that can be taken back. */
export function mayCancelLoad({
  x_load: load,
  x_serving: isServing,
}: Pick<FeedWorker, 'x_load' | 'x_serving'>): boolean {
  if (!load) return false
  if (load.state === 'sending' || load.state === 'uncancelled') return true
  return load.state === 'answered' && load.answer !== 'already_loaded' && isServing !== true
}

/** For words after a colon; what is a name or in capitals stays. */
function lowerFirst(words: string): string {
  return /^[A-Z][a-z ]/.test(words) ? words.charAt(0).toLowerCase() + words.slice(1) : words
}
