import { describe, expect, it } from 'vitest'
import {
  continueAfter,
  countRequest,
  countTokens,
  dispatch,
  EMPTY_LEDGER,
  forAnother,
  settle,
  takeBack,
} from './token-ledger'

describe('token ledger', () => {
  it('C-07, X-13: with sequence numbers every token counts once, whatever gets lost or crashes', () => {
    const random = seeded(7)
    for (let round = 0; round < 300; round += 1) {
      const server = { total: 0, requests: 0, lastSeq: 0 }
      let ledger = EMPTY_LEDGER
      const deliver = (requestLost: boolean, replyLost: boolean) => {
        ledger = dispatch(ledger)
        const delta = ledger.inFlight
        if (!delta || requestLost) return
        if (delta.seq > server.lastSeq) {
          server.total += delta.tokens
          server.requests += delta.requests
          server.lastSeq = delta.seq
        }
        if (!replyLost) ledger = settle(ledger)
      }
      for (let step = 0; step < 60; step += 1) {
        ledger = countTokens(ledger, Math.floor(random() * 20))
        if (random() < 0.4) ledger = countRequest(ledger)
        const saved = JSON.parse(JSON.stringify(ledger))
        deliver(random() < 0.3, random() < 0.33)
        // A crash after the save that precedes every sending: the same delta goes out again.
        if (random() < 0.1) ledger = ledger.inFlight ? ledger : dispatch(saved)
      }
      deliver(false, false)
      deliver(false, false)
      expect(server.total, `round ${round}`).toBe(ledger.total)
      expect(server.requests, `round ${round}`).toBe(ledger.requests.total)
    }
  })

  it('C-07: a coordinator without sequence numbers never counts a token twice', () => {
    const random = seeded(8)
    let ledger = EMPTY_LEDGER
    let counted = 0
    let lostTokens = 0
    for (let step = 0; step < 5_000; step += 1) {
      ledger = dispatch(countTokens(ledger, Math.floor(random() * 20)))
      const fate = random()
      if (fate < 0.2) ledger = takeBack(ledger)
      else {
        if (fate < 0.8) counted += ledger.inFlight?.tokens ?? 0
        else lostTokens += ledger.inFlight?.tokens ?? 0
        ledger = settle(ledger)
      }
      expect(counted).toBeLessThanOrEqual(ledger.total)
    }
    expect(counted + lostTokens).toBe(ledger.settled)
  })

  it('X-13: a node that lost its memory continues above the coordinator’s last number', () => {
    const ledger = dispatch(countTokens(continueAfter(EMPTY_LEDGER, 500), 3))
    expect(ledger.inFlight).toEqual({ seq: 501, tokens: 3, requests: 0 })
    expect(continueAfter(ledger, 2).nextSeq).toBe(502)
  })

  it('X-13: a request without a token is told, too, and another coordinator hears of neither', () => {
    const ledger = dispatch(countRequest(EMPTY_LEDGER))
    expect(ledger.inFlight).toEqual({ seq: 1, tokens: 0, requests: 1 })
    const settled = settle(ledger)
    expect(dispatch(settled).inFlight).toBeNull()
    const moved = forAnother(countRequest(countTokens(settled, 4)))
    expect(moved).toMatchObject({ total: 4, requests: { total: 2 }, nextSeq: 1 })
    expect(dispatch(moved).inFlight).toBeNull()
  })

  it('counts whole numbers above zero only', () => {
    for (const odd of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(countTokens(EMPTY_LEDGER, odd)).toEqual(EMPTY_LEDGER)
    }
  })
})

/** A small generator with a seed, so that a failing run can be repeated. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}
