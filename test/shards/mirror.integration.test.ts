import { describe, expect, it } from 'vitest'
import { lookAt } from '../../src-main/diagnostics/mirrors'
import { checkMirror } from '../../src-main/shards/sources/check-mirror'
import { systemClock } from '../../src-shared/clock'
import { SAMPLE_MODEL } from '../models/manifests'
import { serveModel } from './model-server'

const options = () => ({ clock: systemClock, signal: AbortSignal.timeout(20_000), allowPrivate: true })

describe('S-20: a mirror is checked step by step, and the one that fails is named', () => {
  it('all is well', async () => {
    const server = await serveModel(SAMPLE_MODEL)
    const steps = await checkMirror(server.url, options())
    expect(steps.map(({ name, ok }) => [name, ok])).toEqual([
      ['DNS', true],
      ['TCP', true],
      ['HTTP', true],
    ])
    expect(steps.at(-1)?.detail).toBe('206, a file of 6209600 bytes')
    expect(server.sentBytes).toBe(1)
  })

  it.each([
    ['DNS', 'the name leads nowhere', async () => 'http://nowhere.invalid/model.gguf'],
    ['TCP', 'nobody listens', async () => 'http://127.0.0.1:1/model.gguf'],
    ['TLS', 'the server speaks no TLS', async () => (await serveModel(SAMPLE_MODEL)).url.replace('http:', 'https:')],
    ['HTTP', 'the file is gone', async () => (await serveModel(SAMPLE_MODEL, { status: 404 })).url],
    ['HTTP', 'it ignores Range', async () => (await serveModel(SAMPLE_MODEL, { ignoresRanges: true })).url],
  ])('%s: %s', async (name, _, address) => {
    const steps = await checkMirror(await address(), options())
    expect(steps.slice(0, -1).every(({ ok }) => ok)).toBe(true)
    expect(steps.at(-1)).toMatchObject({ name, ok: false, detail: expect.stringMatching(/./) })
  })

  it('is not led into a private network', async () => {
    const server = await serveModel(SAMPLE_MODEL)
    const steps = await checkMirror(server.url, { ...options(), allowPrivate: false })
    expect(steps).toMatchObject([{ name: 'DNS', ok: false, detail: expect.stringContaining('private network') }])
    expect(server.requests).toEqual([])
  })

  it('the diagnosis names the step for each, and is a failure only where none can be reached', async () => {
    const good = (await serveModel(SAMPLE_MODEL)).url
    const bad = 'http://127.0.0.1:1/model.gguf'
    expect(await lookAt([good], options())).toMatchObject({ verdict: 'pass' })
    expect(await lookAt([bad], options())).toMatchObject({ verdict: 'fail', code: 'MIRROR_UNREACHABLE' })
    const both = await lookAt([good, bad], options())
    expect(both.verdict).toBe('warn')
    expect(both.evidence).toMatch(/HTTP \d+ ms; 127\.0\.0\.1:1: DNS \d+ ms, TCP failed \(/)
  })
})
