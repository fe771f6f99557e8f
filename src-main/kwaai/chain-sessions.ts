import { randomBytes } from 'node:crypto'
import type { Clock } from '../../src-shared/clock'
import { EspalierError, isErrorCode } from '../../src-shared/errors'
import type { Host } from '../network/host'
import type { EntrySession, OpenSessionOptions } from '../pipeline/entry-sessions'
import type { ResultFrame } from '../pipeline/frames'
import { whatIsWrongWithLogits } from '../pipeline/logits-rules'
import type { PlaceLeases } from '../pipeline/place-leases'
import type { RouteStage } from '../pipeline/route'
import { RouteError } from '../pipeline/route-error'
import { sampleLogits } from '../pipeline/sample-logits'
import type { StageRunner } from '../pipeline/stage-runner'
import { callInference } from './inference-client'
import type { InferenceRequest } from './inference-wire'
import { createOwnPlaces, type OwnPlace } from './own-places'

type Rows = InferenceRequest['input']
type Output = { hidden: Float32Array; width: number; computeMs: number } | { logits: Float32Array; computeMs: number }

interface Hop {
  run(input: Rows, position: number, isLastOfPrompt: boolean): Promise<Output>
  close(): void
}

/** What a remote node computed in is not said in this protocol. */
const UNKNOWN_MS = Number.NaN

/**
 * Sessions over nodes that speak KwaaiNet's inference protocol: the entry carries the rows from node to node itself,
 * and chooses the tokens. A stage of our own is asked directly. Hidden states travel in half precision.
 */
export function createChainSessions(options: {
  host: Host
  clock: Clock
  stage: () => StageRunner | null
  /** The pipeline's own. */
  leases: PlaceLeases
}) {
  const self = options.host.peerId.toString()
  const takePlace = createOwnPlaces({ self, ...options })
  const endings = new Set<(error: EspalierError) => void>()
  let stopped: EspalierError | null = null

  function remoteHop(stage: RouteStage, sessionId: bigint, signal: AbortSignal): Hop {
    return {
      async run(input, position) {
        const reply = await callInference(options, stage.peer, { sessionId, position, input }, signal)
        return { ...reply, computeMs: UNKNOWN_MS }
      },
      // Nothing to say: the other side forgets a session that rests.
      close: () => undefined,
    }
  }

  /** Throws STAGE_LOST, SESSION_LIMIT. @param onLost another one got our place in the cache */
  function ownHop(stage: RouteStage, onLost: (error: RouteError) => void): Hop {
    const runner = options.stage()
    if (!runner || runner.blocks.start !== stage.start || runner.blocks.end !== stage.end)
      throw new RouteError('STAGE_LOST', `${self} is not ready to serve these blocks`, self)
    const place = placeOf(runner, onLost)
    const isLast = stage.end === runner.blockCount
    return {
      async run(input, position, isLastOfPrompt) {
        const rows = 'tokens' in input ? { tokens: input.tokens } : { hidden: input.hidden }
        const answer = isLast && isLastOfPrompt ? 'logits' : 'none'
        const count = 'tokens' in input ? input.tokens.length : input.hidden.length / input.width
        const { sequence } = place
        const { hidden, logits, computeMs } = await place.use(count, () =>
          runner.run({ sequence, position, rows, answer }),
        )
        if (hidden) return { hidden, width: runner.embeddingLength, computeMs }
        return { logits: logits ?? new Float32Array(), computeMs }
      },
      close: place.close,
    }
  }

  function placeOf(runner: StageRunner, onLost: (error: RouteError) => void): OwnPlace {
    try {
      return takePlace(runner, (why) => onLost(new RouteError(why.code, why.message, self)))
    } catch (error) {
      // Another route may do without us, and a place may be free in a moment.
      if (isErrorCode(error, 'SESSION_LIMIT')) throw new RouteError(error.code, error.message, self)
      throw error
    }
  }

  return {
    async open(asked: OpenSessionOptions): Promise<EntrySession> {
      if (stopped) throw stopped
      if (asked.route.length === 0) throw new EspalierError('CHAIN_INCOMPLETE', 'the route is empty')
      const sessionId = randomBytes(8).readBigUInt64LE()
      const ending = new AbortController()
      const hops: Hop[] = []
      const before = [...(asked.sampling?.history ?? [])]
      const results: ResultFrame[] = []
      let waiting: PromiseWithResolvers<ResultFrame> | null = null
      let failure: unknown = null
      let isClosed = false
      let turn: Promise<void> = Promise.resolve()
      try {
        for (const stage of asked.route)
          hops.push(stage.peer === self ? ownHop(stage, end) : remoteHop(stage, sessionId, ending.signal))
      } catch (error) {
        for (const hop of hops) hop.close()
        throw error
      }
      endings.add(end)

      function end(error: unknown): void {
        failure ??= error
        ending.abort(error)
        waiting?.reject(failure)
        waiting = null
      }

      function deliver(result: ResultFrame): void {
        if (waiting) waiting.resolve(result)
        else results.push(result)
        waiting = null
      }

      async function step(tokens: Int32Array, position: number, wantsAnswer: boolean): Promise<void> {
        let input: Rows = { tokens }
        const computeMs: number[] = []
        let logits: Float32Array | null = null
        for (const [index, hop] of hops.entries()) {
          const output = await hop.run(input, position, wantsAnswer)
          computeMs.push(output.computeMs)
          const isLast = index === hops.length - 1
          if ('logits' in output !== isLast) throw misplaced(asked.route[index])
          if ('logits' in output) logits = output.logits
          else input = output
        }
        if (!wantsAnswer) return
        const last = position + tokens.length - 1
        if (!logits || logits.length === 0) throw misplaced(asked.route.at(-1))
        const wrong = whatIsWrongWithLogits(logits)
        const giver = asked.route.at(-1)?.peer ?? ''
        if (wrong) throw new RouteError('PROTOCOL_VIOLATION', `${giver} gave ${wrong}`, giver)
        const token = sampleLogits(logits, asked.sampling, before, last)
        before.push(token)
        deliver({
          ...{ type: 'result', session: '', position: last, token, computeMs },
          logits: asked.wantsLogits ? logits : null,
        })
      }

      return {
        route: asked.route,
        send(tokens, position, wantsAnswer) {
          turn = turn.then(async () => {
            if (failure) throw failure
            await step(tokens, position, wantsAnswer)
          })
          // The reason reaches whoever waits for the answer as well.
          turn.catch(end)
          return turn
        },
        nextResult() {
          const ready = results.shift()
          if (ready) return Promise.resolve(ready)
          if (failure) return Promise.reject(failure)
          waiting = Promise.withResolvers()
          return waiting.promise
        },
        fail: (error) => end(error),
        async close() {
          if (isClosed) return
          isClosed = true
          endings.delete(end)
          end(new EspalierError('CANCELLED'))
          for (const hop of hops) hop.close()
        },
      }
    },
    /** Ends what was opened, with CANCELLED, and opens no more: before our own blocks go, which it may stand on. */
    endAnswers(): void {
      stopped ??= new EspalierError('CANCELLED', 'this node stops')
      for (const end of endings) end(stopped)
    },
  }
}

function misplaced(stage: RouteStage | undefined): EspalierError {
  const peer = stage?.peer ?? ''
  return new RouteError('PROTOCOL_VIOLATION', `${peer} gave what another place of the chain gives`, peer)
}
