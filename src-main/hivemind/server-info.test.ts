import { describe, expect, test } from 'vitest'
import {
  blockKey,
  checkDhtPrefix,
  dhtPrefixFor,
  dhtPrefixFromName,
  type PrefixFamily,
  parseBlockKey,
} from './block-key'
import { decodeModelInfo, encodeModelInfo } from './model-index'
import { encodeMsgpack, float, type MsgpackValue, msgpackMap, Tuple } from './msgpack'
import { decodeServerInfo, encodeServerInfo, type ServerInfo } from './server-info'

const info: ServerInfo = {
  state: 'online',
  throughput: 1,
  startBlock: 2,
  endBlock: 4,
  publicName: 'a node',
  version: '0.1.0',
  networkRps: null,
  forwardRps: null,
  inferenceRps: 3,
  adapters: [],
  torchDtype: 'float16',
  quantType: 'none',
  usingRelay: false,
  cacheTokensLeft: 10,
  nextPings: null,
}
const violation = expect.objectContaining({ code: 'PROTOCOL_VIOLATION' })
const refused = expect.objectContaining({ code: 'RECORD_INVALID' })

describe('records that would break other readers are not written', () => {
  test.each<[string, Partial<ServerInfo>]>([
    ['an empty span, which divides the map by zero', { startBlock: 4, endBlock: 4 }],
    ['a span backwards', { startBlock: 5, endBlock: 4 }],
    ['no span', { startBlock: null }],
    ['a negative block', { startBlock: -1 }],
    ['half a block', { endBlock: 4.5 }],
    ['a throughput that is not a number', { throughput: Number.NaN }],
    ['an infinite throughput', { throughput: Number.POSITIVE_INFINITY }],
    ['a negative throughput', { throughput: -1 }],
    ['an infinite rate', { inferenceRps: Number.POSITIVE_INFINITY }],
    ['a fraction of a cache token', { cacheTokensLeft: 0.5 }],
    ['a ping that is not a number', { nextPings: new Map([['Qm', Number.NaN]]) }],
    ['a name of a megabyte', { publicName: 'x'.repeat(1_000_000) }],
  ])('%s', (_name, change) => {
    expect(() => encodeServerInfo({ ...info, ...change })).toThrow(refused)
  })

  test.each<[string, string]>([
    ['a dot, which stops the whole map', 'Llama-3.3'],
    ['a space', 'a b'],
    ['nothing', ''],
    ['a control character', 'a\u0007'],
    ['too long', 'x'.repeat(201)],
  ])('a prefix with %s', (_name, prefix) => {
    expect(() => checkDhtPrefix(prefix)).toThrow(refused)
    expect(() => blockKey(prefix, 0)).toThrow(refused)
  })

  test.each([
    ['Tiny Jargon 8', 'Tiny-Jargon-8'],
    ['Llama-3.3. 70B', 'Llama-3-3-70B'],
    ['a\tb\u00a0c\u2028d\u0007e\u200bf', 'a-b-c-d-e-f'],
    ['…/ü"<b>', '…/ü"<b>'],
    ['', '-'],
  ])('a prefix made from the name %j is one', (name, prefix) => {
    expect(dhtPrefixFromName(name)).toBe(prefix)
    expect(checkDhtPrefix(dhtPrefixFromName(name))).toBe(prefix)
  })

  test('a prefix made from a long name is not cut through a character', () => {
    expect(() => checkDhtPrefix(dhtPrefixFromName(`${'x'.repeat(199)}😀.`))).not.toThrow()
  })

  test('a model entry without blocks or with a repository that maps drop', () => {
    const strict = { allowNullRepository: false }
    expect(() => encodeModelInfo({ numBlocks: 0, repository: 'https://huggingface.co/a/b' }, strict)).toThrow(refused)
    expect(() => encodeModelInfo({ numBlocks: 8, repository: null }, strict)).toThrow(refused)
    expect(() => encodeModelInfo({ numBlocks: 8, repository: 'https://example.org/a' }, strict)).toThrow(refused)
    const entry = encodeModelInfo({ numBlocks: 8, repository: null }, { allowNullRepository: true })
    expect(decodeModelInfo(entry)).toEqual({ numBlocks: 8, repository: null })
  })
})

describe('reading is as strict and as lenient as in Petals', () => {
  const record = (state: MsgpackValue, throughput: MsgpackValue, extra?: Record<string, MsgpackValue>) =>
    encodeMsgpack(new Tuple(extra ? [state, throughput, msgpackMap(extra)] : [state, throughput]))
  const span = { start_block: 0, end_block: 2 }

  test.each<[string, Uint8Array]>([
    ['an integer throughput', record(2, 10, span)],
    ['an integer rate', record(2, float(10), { ...span, inference_rps: 3 })],
    ['an integer ping', record(2, float(10), { ...span, next_pings: msgpackMap({ Qm: 1 }) })],
    ['a float block', record(2, float(10), { start_block: float(0), end_block: 2 })],
    ['a boolean block', record(2, float(10), { start_block: false, end_block: 2 })],
    ['state -1', record(-1, float(10), span)],
    ['state 3', record(3, float(10), span)],
    ['an infinite throughput', record(2, float(Number.POSITIVE_INFINITY), span)],
    ['a negative throughput', record(2, float(-1), span)],
    ['adapters that are none', record(2, float(10), { ...span, adapters: null })],
    ['a relay flag of another kind', record(2, float(10), { ...span, using_relay: 'perhaps' })],
    ['a field twice', record(2, float(10), { ...span, state: 2 })],
    ['a map', encodeMsgpack(msgpackMap(span))],
    ['one part', encodeMsgpack(new Tuple([2]))],
  ])('dropped: %s', (_name, bytes) => {
    expect(() => decodeServerInfo(bytes)).toThrow(violation)
  })

  test.each<[string, Uint8Array, Partial<ServerInfo>]>([
    ['a plain list', encodeMsgpack([2, float(1), msgpackMap(span)]), { state: 'online', startBlock: 0, endBlock: 2 }],
    ['unknown fields', record(2, float(1), { ...span, peer_id: 'x', lease_v1: true }), { state: 'online' }],
    ['only state and throughput', record(1, float(1)), { state: 'joining', startBlock: null, adapters: [] }],
    ['a number as version', record(2, float(1), { ...span, version: 5 }), { version: '5' }],
    [
      'a ping without an answer',
      record(2, float(1), { next_pings: msgpackMap({ Qm: float(Number.POSITIVE_INFINITY) }) }),
      {},
    ],
    ['state 0 while loading', record(0, float(0), { ...span, shard_loading: true }), { state: 'joining' }],
    ['state 2 with that mark', record(2, float(0), { ...span, shard_loading: true }), { state: 'online' }],
    ['state 0', record(0, float(0), span), { state: 'offline' }],
  ])('kept: %s', (_name, bytes, expected) => {
    expect(decodeServerInfo(bytes)).toMatchObject(expected)
  })

  test('a model entry with one unknown field is skipped', () => {
    const entry = (fields: Record<string, MsgpackValue>) => encodeMsgpack(msgpackMap(fields))
    expect(() => decodeModelInfo(entry({ num_blocks: 8, repository: null, extra: 1 }))).toThrow(violation)
    expect(() => decodeModelInfo(entry({ num_blocks: float(8), repository: null }))).toThrow(violation)
    expect(() => decodeModelInfo(entry({ repository: null }))).toThrow(violation)
    expect(decodeModelInfo(entry({ num_blocks: 8 }))).toEqual({ numBlocks: 8, repository: null })
  })
})

describe('prefixes', () => {
  test.each<[string, PrefixFamily, string]>([
    ['meta-llama/Llama-3.3-70B-Instruct', 'llama', 'Llama-3-3-70B-Instruct-hf'],
    ['huggyllama/llama-7b-hf', 'llama', 'llama-7b-hf'],
    ['tiiuae/falcon-40b', 'falcon', 'falcon-40b'],
    ['mistralai/Mixtral-8x22B-Instruct-v0.1', 'mixtral', 'mistralai/Mixtral-8x22B-Instruct-v0-1'],
    ['bigscience/bloom', 'bloom', 'bigscience/bloom-petals'],
    ['espalier/Tiny-Jargon-8', 'other', 'Tiny-Jargon-8'],
  ])('%s as %s', (repository, family, prefix) => {
    expect(dhtPrefixFor(repository, family)).toBe(prefix)
  })

  // The rule of Petals' own families for the first ones; X-03: no key has a second dot, whatever the name was.
  test.each<[string, PrefixFamily, string]>([
    ['meta-llama/Llama-3.3-70B-Instruct', 'llama', 'Llama-3-3-70B-Instruct-hf.7'],
    ['meta-llama/Meta-Llama-3.1-405B-Instruct', 'llama', 'Meta-Llama-3-1-405B-Instruct-hf.7'],
    ['huggyllama/llama-65b-hf', 'llama', 'llama-65b-hf.7'],
    ['enoch/llama-65b-hf', 'llama', 'llama-65b-hf.7'],
    ['timdettmers/guanaco-65b', 'llama', 'guanaco-65b-hf.7'],
    ['stabilityai/StableBeluga2', 'llama', 'StableBeluga2-hf.7'],
    ['unsloth/Llama-3.1-8B-Instruct', 'llama', 'Llama-3-1-8B-Instruct-hf.7'],
    ['tiiuae/falcon-40b-instruct', 'falcon', 'falcon-40b-instruct.7'],
    ['tiiuae/falcon-180B', 'falcon', 'falcon-180B.7'],
    ['mistralai/Mixtral-8x7B-Instruct-v0.1', 'mixtral', 'mistralai/Mixtral-8x7B-Instruct-v0-1.7'],
    ['mistralai/Mixtral-8x22B-v0.3', 'mixtral', 'mistralai/Mixtral-8x22B-v0-3.7'],
    ['bigscience/bloomz', 'bloom', 'bigscience/bloomz-petals.7'],
    ['bigscience/bloom-7b1', 'bloom', 'bigscience/bloom-7b1-petals.7'],
    ['Qwen/Qwen2.5-72B', 'other', 'Qwen2-5-72B.7'],
    ['Qwen/Qwen3-30B-A3B', 'other', 'Qwen3-30B-A3B.7'],
    ['google/gemma-3-27b-it', 'other', 'gemma-3-27b-it.7'],
    ['openai/gpt-oss-120b', 'other', 'gpt-oss-120b.7'],
    ['a/b.c.d.e', 'other', 'b-c-d-e.7'],
    ['名/模型-2.5', 'other', '模型-2-5.7'],
    ['no-slash-1.5', 'other', 'no-slash-1-5.7'],
    ['…/ünïcode.v1', 'other', 'ünïcode-v1.7'],
  ])('M-06, X-03: block 7 of %s as %s', (repository, family, key) => {
    expect(blockKey(dhtPrefixFor(repository, family), 7)).toBe(key)
    expect(key.split('.')).toHaveLength(2)
  })

  test.each(['two words', 'a\tb', '', 'x\u0000'])('M-06: a name like %j gives no key at all', (name) => {
    expect(() => blockKey(dhtPrefixFor(name, 'other'), 0)).toThrow()
  })

  test('keys of blocks', () => {
    expect(blockKey('Tiny-Jargon-8', 3)).toBe('Tiny-Jargon-8.3')
    expect(parseBlockKey('Tiny-Jargon-8.3')).toEqual({ dhtPrefix: 'Tiny-Jargon-8', block: 3 })
    for (const key of ['Tiny.Jargon.3', 'Tiny-Jargon-8', 'a.-1', 'a.03', '.3', 'a b.3']) {
      expect(parseBlockKey(key)).toBeNull()
    }
  })
})
