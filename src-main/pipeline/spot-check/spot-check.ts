import { EspalierError } from '../../../src-shared/errors'
import type { EntrySession, OpenSessionOptions } from '../entry-sessions'
import type { Generation } from '../generate'
import { whatIsWrongWithLogits } from '../logits-rules'
import type { RouteStage } from '../route'
import { RouteError } from '../route-error'

/** A finished greedy answer, as it was given. */
export interface Sample extends Pick<Generation, 'promptTokens' | 'tokens' | 'schedule' | 'route' | 'exact'> {
  /** How many logits an answer has; absent where it is not known. */
  readonly vocabularySize?: number | undefined
}

export interface Verdict {
  /** The stage that was replaced, and by whom. */
  readonly checked: RouteStage
  readonly replica: string
  readonly agrees: boolean
  /** How far a given token lay below the likeliest one of the check, at worst, in logits. */
  readonly worstGap: number
  /** Position of the row whose answer that was, and the token. */
  readonly position: number
  readonly token: number
  readonly tolerance: number
}

/**
 * Machines that compute a little differently give other tokens only where two are nearly as likely; a wrong block gives
 * tokens that are far off. Largest gap, in logits, that counts as nearly.
 */
export const SPOT_CHECK_TOLERANCE = 0.5
/** Answers that are looked at: enough to notice a wrong block, few enough to be no burden. */
const MAX_ANSWERS = 16

/**
 * Runs the beginning of an answer once more through the same chain with one stage replaced by a replica, in the same
 * batches, and looks how likely the tokens are there that were given. Rejects when the check itself could not be made; with a
 * RouteError PROTOCOL_VIOLATION about the last stage where its logits are such as no model gives.
 */
export async function spotCheck(options: {
  open: (session: OpenSessionOptions) => Promise<EntrySession>
  root: string
  sample: Sample
  /** Index in the sample's route. */
  stage: number
  replica: string
  tolerance?: number
  signal: AbortSignal
}): Promise<Verdict> {
  const { sample, stage, replica, tolerance = SPOT_CHECK_TOLERANCE, signal } = options
  const checked = sample.route[stage]
  if (!checked) throw new EspalierError('BAD_ARGUMENT', `no stage ${stage}`)
  const route = sample.route.map((one, i) => (i === stage ? { ...one, peer: replica } : one))
  const { promptTokens, tokens, vocabularySize } = sample
  const giver = route.at(-1)?.peer ?? ''
  const answers = Math.min(tokens.length, MAX_ANSWERS)
  const rows = Int32Array.from([...promptTokens, ...tokens.slice(0, answers - 1)])
  const session = await options.open({
    ...{ root: options.root, route, contextTokens: rows.length, wantsLogits: true, signal },
    ...{ exact: sample.exact, vocabularySize },
  })
  const onAbort = () => session.fail(new EspalierError('CANCELLED'))
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    let worst = { gap: 0, position: promptTokens.length - 1, token: tokens[0] ?? 0 }
    let position = 0
    let answer = 0
    for (const count of sample.schedule) {
      if (answer === answers) break
      const end = position + count
      const wantsAnswer = end >= promptTokens.length
      await session.send(rows.slice(position, end), position, wantsAnswer)
      position = end
      if (!wantsAnswer) continue
      const { logits } = await session.nextResult()
      const wrong = whatIsWrongWithLogits(logits, vocabularySize)
      if (wrong || !logits) throw new RouteError('PROTOCOL_VIOLATION', `${giver} gave ${wrong}`, giver)
      const token = tokens[answer++] ?? 0
      const gap = gapOf(logits, token, { tolerance, giver, isReplicas: giver === replica })
      if (gap > worst.gap) worst = { gap, position: end - 1, token }
    }
    const { gap: worstGap, ...where } = worst
    return { ...{ checked, replica, tolerance, worstGap, agrees: worstGap <= tolerance }, ...where }
  } finally {
    signal.removeEventListener('abort', onAbort)
    await session.close().catch(() => undefined)
  }
}

/**
 * How far a token lies below the likeliest. Where all tokens are about as likely, any would pass, and nothing is shown: logits
 * are never so over all of a vocabulary, and a model that can hardly choose among half of its tokens cannot be checked this way.
 */
function gapOf(
  logits: Float32Array,
  token: number,
  { tolerance, giver, isReplicas }: { tolerance: number; giver: string; isReplicas: boolean },
): number {
  const given = logits[token]
  if (given === undefined)
    throw new RouteError(
      'PROTOCOL_VIOLATION',
      `${giver} gave ${logits.length} logits, and none of token ${token}`,
      giver,
    )
  let highest = given
  let lowest = given
  for (const logit of logits) {
    if (logit > highest) highest = logit
    else if (logit < lowest) lowest = logit
  }
  if (highest - lowest <= tolerance) {
    const flat = `${giver} gave logits that prefer no token to another`
    // From a replica in the middle that sends zeros an honest last stage computes such logits, too.
    if (isReplicas) throw new RouteError('PROTOCOL_VIOLATION', flat, giver)
    throw new EspalierError('BAD_ARGUMENT', `${flat}, and it was not the one that was checked`)
  }
  let passing = 0
  for (const logit of logits) if (highest - logit <= tolerance) passing++
  if (passing > logits.length / 2)
    throw new EspalierError('BAD_ARGUMENT', `${passing} of ${logits.length} tokens would pass, so nothing is shown`)
  return highest - given
}
