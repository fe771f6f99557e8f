import { generateKeyPair } from '@libp2p/crypto/keys'
import { encode } from '@msgpack/msgpack'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../test/fake-clock'
import { fuzzCommands, fuzzSignedCommands, request } from '../../../test/shards/fuzz-commands'
import { COMMANDS_PER_SECOND, createCommandGuard, MAX_AGE_MS } from './command-guard'
import { openRequest, type ShardRequest, signMessage } from './command-wire'
import { seedLines } from './seed-words'

describe('the wire', () => {
  it('S-38: 50,000 damaged commands: each is refused with a code, none gets through, none hangs', async () => {
    expect(await fuzzCommands(50_000)).toEqual(['COMMAND_FORGED', 'PROTOCOL_VIOLATION'])
  })

  it('S-38: 2,000 odd commands, rightly signed: refused for what they say, or taken word for word', async () => {
    const outcomes = await fuzzSignedCommands(2_000)
    expect([...outcomes.keys()].sort()).toEqual(['PROTOCOL_VIOLATION', 'accepted'])
    expect(outcomes.get('PROTOCOL_VIOLATION')).toBeGreaterThan(1_600)
  })

  it.each([0, 63, 65])('S-38: a signature of %i bytes is forged, like any other that is wrong', async (length) => {
    const key = await generateKeyPair('Ed25519')
    const message = encode({ payload: encode(request(0)), signature: new Uint8Array(length) })
    await expect(openRequest(message, key.publicKey)).rejects.toMatchObject({ code: 'COMMAND_FORGED' })
  })

  it('S-36: there is no word for “the swarm is ready”: who sends one is refused', async () => {
    const key = await generateKeyPair('Ed25519')
    const command = { type: 'SWARM_READY', root: 'ab'.repeat(32) } as unknown as ShardRequest['command']
    const bytes = await signMessage(request(0, { command }), key)
    await expect(openRequest(bytes, key.publicKey)).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' })
  })

  it('S-38: a shard command’s signature is no signature of anything else', async () => {
    const key = await generateKeyPair('Ed25519')
    const whole = await signMessage(request(0), key)
    expect(await openRequest(whole, key.publicKey)).toEqual(request(0))
    const other = await generateKeyPair('Ed25519')
    await expect(openRequest(whole, other.publicKey)).rejects.toMatchObject({ code: 'COMMAND_FORGED' })
  })
})

describe('the guard', () => {
  it('S-38: 20 commands a second of one peer; each peer has its own', async () => {
    const clock = new FakeClock()
    const guard = createCommandGuard(clock)
    for (let sent = 0; sent < COMMANDS_PER_SECOND; sent++) guard.countIn('a')
    expect(() => guard.countIn('a')).toThrowError(expect.objectContaining({ code: 'COMMAND_TOO_MANY' }))
    guard.countIn('b')
    await clock.advance(500)
    for (let sent = 0; sent < COMMANDS_PER_SECOND / 2; sent++) guard.countIn('a')
    expect(() => guard.countIn('a')).toThrow()
  })

  it('S-38: of peers without end the last thousand are remembered', () => {
    const guard = createCommandGuard(new FakeClock())
    for (let sent = 0; sent < COMMANDS_PER_SECOND; sent++) guard.countIn('first')
    for (let peer = 0; peer < 999; peer++) guard.countIn(`peer ${peer}`)
    expect(() => guard.countIn('first')).toThrow()
    for (let peer = 0; peer < 1_000; peer++) guard.countIn(`stranger ${peer}`)
    guard.countIn('first')
  })

  it('S-38: an id is its sender’s own, and stands for one command', async () => {
    const clock = new FakeClock()
    const guard = createCommandGuard(clock)
    const done: string[] = []
    const ask = (from: string, change: Partial<ShardRequest> = {}) =>
      guard.once(request(clock.now(), { from, ...change }), from, 'us', async () => {
        done.push(from)
        return { status: 'accepted' }
      })
    await ask('a')
    await ask('b')
    await ask('a')
    expect(done).toEqual(['a', 'b'])
    expect(() => ask('a', { at: clock.now() + 1 })).toThrowError(expect.objectContaining({ code: 'COMMAND_REPLAYED' }))
    expect(done).toEqual(['a', 'b'])
  })

  it('S-13: what was done is remembered for as long as its time would let it through', async () => {
    const clock = new FakeClock()
    const guard = createCommandGuard(clock)
    let performed = 0
    const early = request(clock.now() + MAX_AGE_MS)
    const ask = () =>
      guard.once(early, 'sender', 'us', async () => {
        performed++
        return { status: 'accepted' }
      })
    await ask()
    await clock.advance(2 * MAX_AGE_MS)
    await ask()
    expect(performed).toBe(1)
    await clock.advance(1)
    expect(ask).toThrowError(expect.objectContaining({ code: 'COMMAND_REPLAYED' }))
  })

  it('S-13: too old, from the future, in another name: refused; and again after it was forgotten', async () => {
    const clock = new FakeClock()
    const guard = createCommandGuard(clock)
    const perform = async () => ({ status: 'accepted' as const })
    const at = clock.now()
    const codeOf = (change: Partial<ShardRequest>, peer = 'sender') => {
      try {
        void guard.once(request(at, change), peer, 'us', perform)
        return 'done'
      } catch (error) {
        return (error as { code: string }).code
      }
    }
    expect(codeOf({ at: at - MAX_AGE_MS - 1 })).toBe('COMMAND_REPLAYED')
    expect(codeOf({ at: at + MAX_AGE_MS + 1 })).toBe('COMMAND_REPLAYED')
    expect(codeOf({}, 'another')).toBe('COMMAND_FORGED')
    expect(codeOf({ to: 'another' })).toBe('COMMAND_FORGED')
    expect(codeOf({})).toBe('done')
    await clock.advance(10 * MAX_AGE_MS)
    expect(codeOf({})).toBe('COMMAND_REPLAYED')
  })
})

it('S-13: of many commands the oldest are forgotten first, so that nobody can fill the memory', () => {
  const clock = new FakeClock()
  const guard = createCommandGuard(clock)
  let performed = 0
  const ask = (index: number) =>
    guard.once(request(clock.now(), { id: `id ${index}` }), 'sender', 'us', async () => {
      performed++
      return { status: 'accepted' as const }
    })
  for (let index = 0; index < 4_100; index++) void ask(index)
  void ask(4_099)
  expect(performed).toBe(4_100)
  void ask(0)
  expect(performed).toBe(4_101)
})

it('S-43: the runbook’s own lines', () => {
  const transcript = [
    { what: 'not-found', shard: '3' },
    { what: 'requested', shard: '3' },
    { what: 'starting', shard: '3' },
    { what: 'not-local', shard: '3' },
    { what: 'fetching' },
    { what: 'loaded', shard: '3', isLocal: true },
    { what: 'broadcast', shard: '3', peers: 7 },
    { what: 'found', shard: '0', path: 'models_cache/shards/shard-0.gguf' },
  ] as const
  expect(transcript.flatMap((story) => seedLines(story)).join('\n')).toBe(
    `[SHARD] ⚠️  ASSIGNED SHARD 3 NOT FOUND LOCALLY ⚠️
[SHARD]   Node will join the network and download shard when LOAD_SHARD command is received.
[LOAD_SHARD] Request to load shard 3
[LOAD_SHARD] 🔄 Starting shard 3 load process...
[LOAD_SHARD] ⚠️  Shard 3 not found locally
[LOAD_SHARD] 📥 Starting torrent download from peer...
[LOAD_SHARD] ✓✓✓ Shard 3 loaded successfully from local directory ✓✓✓
[SHARD_LOADED] 📢 Broadcasting shard 3 loaded to 7 peers...
[SHARD] ✓✓✓ SHARD 0 LOADED BEFORE JOINING NETWORK ✓✓✓
[SHARD]   Path: models_cache/shards/shard-0.gguf
[SHARD]   Shard will be available for inference immediately`,
  )
})
