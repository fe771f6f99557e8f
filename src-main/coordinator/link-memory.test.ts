import { describe, expect, it } from 'vitest'
import { type LinkMemory, LinkMemorySchema, memoryFor } from './link-memory'
import { workerIdOf } from './worker-id'

const saved: LinkMemory = {
  ...memoryFor(null, 'http://127.0.0.1:8000', 'w1'),
  state: 'online',
  assignment: { model: 'M', range: { start: 0, end: 3 } },
  knowsSeq: true,
  ledger: {
    ...{ total: 50, settled: 40, nextSeq: 9 },
    requests: { total: 6, settled: 5 },
    inFlight: { seq: 8, tokens: 4, requests: 1 },
  },
}

describe('link memory', () => {
  it('C-24: survives its file', () => {
    expect(LinkMemorySchema.parse(JSON.parse(JSON.stringify(saved)))).toEqual(saved)
    expect(memoryFor(saved, saved.baseUrl, 'w1')).toEqual(saved)
  })

  it('X-13: a file of before requests were counted is read with none', () => {
    const { requests: _, ...ledger } = saved.ledger
    const old = { ...saved, ledger: { ...ledger, inFlight: { seq: 8, tokens: 4 } } }
    expect(LinkMemorySchema.parse(old).ledger).toEqual({
      ...ledger,
      requests: { total: 0, settled: 0 },
      inFlight: { seq: 8, tokens: 4, requests: 0 },
    })
  })

  it('X-13: another coordinator hears nothing of what the first one was told', () => {
    const moved = memoryFor(saved, 'https://other.example', 'w1')
    expect(moved).toMatchObject({ state: 'unregistered', assignment: null, knowsSeq: false })
    expect(moved.ledger).toEqual({
      total: 50,
      settled: 50,
      requests: { total: 6, settled: 6 },
      nextSeq: 1,
      inFlight: null,
    })
  })

  it('C-49: the worker id follows the identity and is a UUID', () => {
    const id = workerIdOf('12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN')
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(workerIdOf('12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN')).toBe(id)
    expect(workerIdOf('another')).not.toBe(id)
  })
})
