import { isDeepStrictEqual } from 'node:util'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { openRequest, type ShardRequest, signMessage } from '../../src-main/shards/commands/command-wire'
import { seededRandom } from '../models/random'

export const request = (at: number, change: Partial<ShardRequest> = {}): ShardRequest => ({
  v: 1,
  id: '2f6f3c0e-9f4e-4a53-9d6f-0a3f5f7d1c11',
  from: 'sender',
  to: 'us',
  at,
  command: { type: 'LOAD_SHARD', root: 'ab'.repeat(32), start: 0, end: 2 },
  ...change,
})

/** Cuts a signed command and flips bits in it, again and again; the distinct outcomes of reading it, sorted. */
export async function fuzzCommands(rounds: number): Promise<string[]> {
  const key = await generateKeyPair('Ed25519')
  const whole = await signMessage(request(0), key)
  const random = seededRandom(38)
  const outcomes = new Set<string>()
  for (let round = 0; round < rounds; round++) {
    const bytes = whole.slice(0, 1 + Math.floor(random() * whole.length))
    const flips = 1 + Math.floor(random() * 4)
    for (let flip = 0; flip < flips; flip++) {
      const at = Math.floor(random() * bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8))
    }
    if (Buffer.from(bytes).equals(whole)) continue
    const outcome = await openRequest(bytes, key.publicKey).then(
      () => 'accepted',
      (error: { code: string }) => error.code,
    )
    outcomes.add(outcome)
  }
  return [...outcomes].sort()
}

const ODD: readonly unknown[] = [
  ...[null, true, -1, 1.5, 2 ** 53, Number.NaN, 65_536, '', 'x'.repeat(5_000), '\u0000', 'LOAD_SHARD', 'ab'.repeat(32)],
  ...[[], [0], {}, new Uint8Array(3)],
]

/**
 * What a peer with a key of its own may send: commands with fields that lack, are too many or hold odd values, rightly
 * signed. Counts the distinct outcomes; one that is accepted has to say what was sent.
 */
export async function fuzzSignedCommands(rounds: number): Promise<Map<string, number>> {
  const key = await generateKeyPair('Ed25519')
  const random = seededRandom(38)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const outcomes = new Map<string, number>()
  for (let round = 0; round < rounds; round++) {
    const command: Record<string, unknown> = { ...request(0).command }
    const sent: Record<string, unknown> = { ...request(0), command }
    for (let change = Math.floor(random() * 3); change >= 0; change--) {
      const target = random() < 0.5 ? sent : command
      const field = random() < 0.1 ? 'more' : pick(Object.keys(target))
      if (random() < 0.2) delete target[field]
      else target[field] = pick(ODD)
    }
    const bytes = await signMessage(sent as unknown as ShardRequest, key)
    const outcome = await openRequest(bytes, key.publicKey).then(
      (opened) => (isDeepStrictEqual(opened, sent) ? 'accepted' : 'changed'),
      (error: { code: string }) => error.code,
    )
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  }
  return outcomes
}
