import { headlineIn, reportIn, sentenceIn } from '../../src-shared/node-says'
import type { NodeStatus } from '../../src-shared/status'
import type { Failure } from '../bridge-client'
import { say } from '.'

/** The node's state in the page's language; what it says in words of the moment stays English. */
export function statusWords({
  headline,
  sentence,
  steps,
  heldBack,
}: Pick<NodeStatus, 'headline' | 'sentence' | 'steps' | 'heldBack'>): { headline: string; sentence: string } {
  return {
    headline: headlineIn(say.NODE_SAYS, headline),
    sentence: nodeSentence(sentence, reportsOf({ steps, heldBack })),
  }
}

/** What of the node's troubles a sentence about it may quote. */
export function reportsOf({ steps, heldBack }: Pick<NodeStatus, 'steps' | 'heldBack'>): Failure[] {
  return [...steps.flatMap(({ blocker }) => blocker ?? []), ...(heldBack ? [heldBack] : [])]
}

export function failureWords<F extends Failure>(failure: F): F {
  return reportIn(say.NODE_SAYS, failure)
}

/** What to do, where that is the catalogue's own sentence. */
export function actionWords({ code, action }: { code: string | null; action: string | null }): string | null {
  return code === null || action === null ? action : failureWords({ code, cause: '', action }).action
}

/** What the node calls a thing: a check, a state. */
export function nodeTitle(title: string): string {
  return headlineIn(say.NODE_SAYS, title)
}

/** One of the node's own sentences. */
export function nodeSentence(text: string, reports: readonly Failure[] = []): string {
  return sentenceIn(say.NODE_SAYS, text, reports)
}
