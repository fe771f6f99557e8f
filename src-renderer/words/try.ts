import type { LostHop } from '../../src-shared/routing-trace'
import type { NodeStatus } from '../../src-shared/status'
import { closeSentence, formatDecimal } from '../format'
import { isProved } from '../node-facts'
import { say } from '.'
import { blockWords, gapsOf, isSingle } from './node'
import { failureWords } from './node-says'

/** What the bundled sample model was made to go on with; it knows English only. */
export const SAMPLE_PROMPTS = ['A hacker is', 'To grok something means', 'A kludge, n.'] as const

/** Why no prompt can be sent now; null when one can. */
export function whyNoPrompt(status: NodeStatus): string | null {
  const { PROMPT } = say
  if (status.phase === 'stopped') return PROMPT.stopped
  if (status.phase === 'stopping') return PROMPT.stopping
  if (status.model === null) return PROMPT.noModel
  if (status.coverage.length === 0) return PROMPT.noCoverage
  const gaps = gapsOf(status.coverage)
  if (gaps.length > 0) return PROMPT.gaps(blockWords(gaps), gaps.length === 1 && isSingle(gaps[0]))
  if (status.blocks === null || !isProved(status)) return PROMPT.notLoaded
  if (!status.model.noTokenizer) return null
  const { cause, action } = failureWords(status.model.noTokenizer)
  return `${closeSentence(cause)} ${action}`
}

export function tryLead({ model }: Pick<NodeStatus, 'model'>): string {
  return model ? say.PROMPT.lead(model.name, model.blockCount) : say.PROMPT.leadNoModel
}

/** Who has read, or will read, what is written here. */
export function readersWords(names: readonly string[]): string {
  if (names.length === 0) return say.PRIVACY_LINE
  const last = names.at(-1) ?? ''
  return say.ANSWER.readers(names.length === 1 ? last : say.ANSWER.and(names.slice(0, -1).join(', '), last))
}

/** The pause was seen; so the page says what it was. Null where nobody was lost: who is not approved was never asked. */
export function lostWords(all: readonly LostHop[]): string | null {
  const lost = all.filter(({ code }) => code !== 'STAGE_NOT_APPROVED')
  if (lost.length === 0) return null
  const pauseS = lost.reduce((sum, { pauseMs }) => sum + pauseMs, 0) / 1_000
  return say.ANSWER.lost(lost.length, `${formatDecimal(pauseS, pauseS < 10 ? 1 : 0)}\u00a0s`)
}
