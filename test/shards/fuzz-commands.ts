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
