import type { Answer, Packet } from 'dns-packet'
import { describe, expect, it } from 'vitest'
import { asksForNetworks, networksIn, recordsOf, SERVICE } from './network-service'

const SENDER = '192.168.1.17'
const packet = (change: Partial<Packet> = {}): Packet => ({
  type: 'response',
  ...recordsOf({ id: 'abc', port: 8000, modelName: 'Llama 3.1 8B' }),
  ...change,
})
const found = (given: Packet, sender = SENDER) => networksIn(given, sender, false)
const service = (data: object, name = `abc.${SERVICE}`) => ({ type: 'SRV', name, data }) as Answer

describe('networks on the local network', () => {
  it('H-13: one that answers is where its answer came from, with the model that it names', () => {
    expect(found(packet())).toEqual([{ url: 'http://192.168.1.17:8000', modelName: 'Llama 3.1 8B', isOwn: false }])
    expect(networksIn(packet(), SENDER, true)[0]?.isOwn).toBe(true)
    const silent = recordsOf({ id: 'abc', port: 8000, modelName: null })
    expect(found({ ...silent })[0]?.modelName).toBeNull()
  })

  it('nobody is led to a third computer: names and addresses in an answer count for nothing', () => {
    const records = [
      service({ port: 8000, target: 'router.local' }),
      { type: 'A', name: 'router.local', data: '192.168.1.1' },
    ]
    expect(found(packet({ answers: records as Answer[], additionals: [] })).map(({ url }) => url)).toEqual([
      'http://192.168.1.17:8000',
    ])
  })

  it('an answer from the internet is none, nor one of another service, nor one without a port', () => {
    expect(found(packet(), '203.0.113.9')).toEqual([])
    expect(networksIn(packet(), '203.0.113.9', true)).toHaveLength(1)
    expect(found(packet(), 'fe80::1')).toEqual([])
    for (const answer of [
      service({ port: 8000, target: 'x' }, 'abc._ipp._tcp.local'),
      service({ port: 0, target: 'x' }),
      service({ port: 70_000, target: 'x' }),
    ])
      expect(found(packet({ answers: [answer], additionals: [] }))).toEqual([])
  })

  it('what it says of itself is cut, and cannot turn or colour the text around it', () => {
    const text = `model=\u202e\u001b[31m${'x'.repeat(200)}`
    const answers = [
      service({ port: 1, target: 'x' }),
      { type: 'TXT', name: `abc.${SERVICE}`, data: [Buffer.from(text)] },
    ]
    const [network] = found(packet({ answers: answers as Answer[], additionals: [] }))
    expect(network?.modelName).toMatch(/^x{59}…$/)
  })

  it('a name in the widest script still fits into one text of a record', () => {
    const [, , text] = [
      ...recordsOf({ id: 'a', port: 1, modelName: '𠮷'.repeat(100) }).answers,
      ...recordsOf({ id: 'a', port: 1, modelName: '𠮷'.repeat(100) }).additionals,
    ]
    const data = text?.type === 'TXT' ? [text.data].flat()[0] : undefined
    expect(Buffer.byteLength(String(data))).toBeLessThan(256)
  })

  it('knows a question for networks from all the others', () => {
    const asks = (type: string, name: string) =>
      asksForNetworks({ type: 'query', questions: [{ type, name }] } as unknown as Packet)
    expect(asks('PTR', SERVICE)).toBe(true)
    expect(asks('PTR', SERVICE.toUpperCase())).toBe(true)
    expect(asks('A', SERVICE)).toBe(false)
    expect(asks('PTR', '_ipp._tcp.local')).toBe(false)
    expect(asksForNetworks({ type: 'query' })).toBe(false)
  })
})
