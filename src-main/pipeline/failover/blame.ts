import type { Clock } from '../../../src-shared/clock'
import { type EspalierError, messageOf } from '../../../src-shared/errors'
import { RouteError } from '../route-error'
import { isRefusal } from './movable'
import { type CheckPeer, isSilent } from './silence'

interface Doubt {
  readonly accused: string
  readonly accuser: string
  readonly error: RouteError
  /** The accused does not answer us either. */
  readonly isConfirmed: Promise<boolean>
  isTried: boolean
}

/** A doubt that two share is half of one each, as in spot checks. */
const SHARED = 0.5

/**
 * What a loss means for whom. What this node saw itself speaks against the peer. What a neighbour says of another stage
 * it may have made up, or only passed on: it counts in full where our own check finds the same, else half for each,
 * and when the accused does its work in the end, the other half for the accuser too. That a request was refused counts once others
 * have taken the same request.
 */
export function createBlame(
  clock: Clock,
  check: CheckPeer,
  onLost: (peer: string, error: EspalierError, weight: number) => void = () => undefined,
) {
  let refusals: RouteError[] = []
  let doubts: Doubt[] = []

  function suspect({ accuser, accused, error }: Doubt): void {
    const words = `it said of ${accused}, which answers: ${messageOf(error)}`
    onLost(accuser, new RouteError(error.code, words, accuser), SHARED)
  }

  return {
    lost(error: RouteError): void {
      const { peer: accused, toldBy: accuser, code } = error
      if (isRefusal(code)) refusals.push(error)
      else if (accuser === null) onLost(accused, error, 1)
      if (accuser === null) return
      const doubt = { accused, accuser, error, isConfirmed: isSilent(clock, accused, check), isTried: false }
      doubts.push(doubt)
      if (isRefusal(code)) return
      void doubt.isConfirmed.then((isConfirmed) => {
        onLost(accused, error, isConfirmed ? 1 : SHARED)
        if (!isConfirmed) suspect(doubt)
      })
    },
    /** The session is there again, with these peers. */
    arrived(peers: readonly string[]): void {
      for (const refusal of refusals) {
        if (!peers.includes(refusal.peer)) onLost(refusal.peer, refusal, refusal.toldBy === null ? 1 : SHARED)
      }
      for (const doubt of doubts) {
        if (peers.includes(doubt.accused) || isRefusal(doubt.error.code)) suspect(doubt)
      }
      refusals = []
      doubts = []
    },
    /** Somebody who was left on another one's word alone, once each: the two may be tried the other way round. */
    async nextDoubt(avoid: ReadonlySet<string>): Promise<Pick<Doubt, 'accused' | 'accuser'> | null> {
      for (const doubt of doubts) {
        if (doubt.isTried) continue
        doubt.isTried = true
        if (!avoid.has(doubt.accuser) && !(await doubt.isConfirmed)) return doubt
      }
      return null
    },
  }
}
