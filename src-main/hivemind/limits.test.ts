import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { Blacklist } from './blacklist'
import { abortError, withDeadline } from './deadline'
import { nextExpirationS } from './expiration'
import { createLimiter } from './limiter'

describe('blacklist', () => {
  test('pauses double up to five minutes, and one answer clears them', async () => {
    const peer = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
    let nowMs = 0
    const blacklist = new Blacklist({ monotonicMs: () => nowMs })
    for (const pauseMs of [5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]) {
      blacklist.failed(peer)
      nowMs += pauseMs - 1
      expect(blacklist.has(peer)).toBe(true)
      nowMs += 1
      expect(blacklist.has(peer)).toBe(false)
    }
    blacklist.answered(peer)
    blacklist.failed(peer)
    nowMs += 5_000
    expect(blacklist.has(peer)).toBe(false)
  })
})

test('no more than a thousand peers are remembered; those that failed longest ago are forgotten first', () => {
  const blacklist = new Blacklist({ monotonicMs: () => 0 })
  const peer = (index: number) => ({ toString: () => `peer ${index}` }) as unknown as PeerId
  for (let index = 0; index <= 1_000; index++) blacklist.failed(peer(index))
  expect([0, 1, 1_000].map((index) => blacklist.has(peer(index)))).toEqual([false, true, true])
})

describe('limiter', () => {
  test('runs no more than it may at once, and everything in the end', async () => {
    const limit = createLimiter(3)
    let running = 0
    let most = 0
    const task = async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 1))
      running--
    }
    const failing = limit(() => Promise.reject(new Error('x')), undefined)
    await expect(failing).rejects.toThrow('x')
    await Promise.all(Array.from({ length: 20 }, () => limit(task, undefined)))
    expect([most, running]).toEqual([3, 0])
  })

  test('who gives up while waiting never runs, and the others do', async () => {
    const limit = createLimiter(1)
    const gate = Promise.withResolvers<void>()
    const first = limit(() => gate.promise, undefined)
    const giveUp = new AbortController()
    let ran = false
    const second = limit(async () => {
      ran = true
    }, giveUp.signal)
    const third = limit(async () => 'third', undefined)
    giveUp.abort()
    await expect(second).rejects.toEqual(expect.objectContaining({ code: 'CANCELLED' }))
    gate.resolve()
    await first
    expect(await third).toBe('third')
    expect(ran).toBe(false)
    expect(await limit(async () => 'fourth', undefined)).toBe('fourth')
  })

  test('who gives up after it has begun takes nobody else’s turn', async () => {
    const limit = createLimiter(1)
    const [before, during] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const first = limit(() => before.promise, undefined)
    const giveUp = new AbortController()
    const second = limit(() => during.promise, giveUp.signal)
    const third = limit(async () => 'third', undefined)
    before.resolve()
    await first
    giveUp.abort()
    during.resolve()
    await second
    expect(await third).toBe('third')
  })
})

describe('deadline', () => {
  const waitFor = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      if (signal.aborted) reject(abortError(signal))
      signal.addEventListener('abort', () => reject(abortError(signal)))
    })

  test('its own end is TIMED_OUT, that of any parent is CANCELLED, before or meanwhile', async () => {
    await expect(withDeadline(systemClock, 1, [], waitFor)).rejects.toEqual(
      expect.objectContaining({ code: 'TIMED_OUT' }),
    )
    const cancelled = expect.objectContaining({ code: 'CANCELLED' })
    await expect(withDeadline(systemClock, 60_000, [undefined, AbortSignal.abort()], waitFor)).rejects.toEqual(
      cancelled,
    )
    const parent = new AbortController()
    const waiting = withDeadline(systemClock, 60_000, [parent.signal], waitFor)
    parent.abort()
    await expect(waiting).rejects.toEqual(cancelled)
  })
})

test('expirations rise also when the clock was set back (M-11)', () => {
  expect(nextExpirationS({ now: () => 1_000_000 }, 60_000, null)).toBe(1060)
  expect(nextExpirationS({ now: () => 1_000_000 }, 60_000, 1050)).toBe(1060)
  expect(nextExpirationS({ now: () => 1_000_000 }, 60_000, 1_700_000_000)).toBeGreaterThan(1_700_000_000)
  // What nobody holds need not be outlived: a clock that was days ahead is right again.
  expect(nextExpirationS({ now: () => 1_000_000 }, 60_000, 1_700_000_000, 86_400)).toBe(1060)
  expect(nextExpirationS({ now: () => 1_000_000 }, 60_000, 80_000, 86_400)).toBeGreaterThan(80_000)
})
