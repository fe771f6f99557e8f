import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { createEventLog } from '../storage/event-log'
import { createVerboseLog, MAX_LINES_PER_S, VERBOSE_FOR_MS } from './verbose-log'

function setUp() {
  const clock = new FakeClock()
  const log = createEventLog(clock, null)
  const lines: string[] = []
  log.subscribe(({ code, message }) => void (code === 'libp2p' && lines.push(message)))
  const verbose = createVerboseLog({ clock, log })
  return { clock, lines, verbose, kad: verbose.logger.forComponent('libp2p:kad-dht') }
}

describe('M-34: libp2p’s own words', () => {
  it('M-34: are off until asked for, and off again by themselves after 30 minutes', async () => {
    const { clock, lines, verbose, kad } = setUp()
    kad('nobody asked')
    expect([lines, kad.enabled, verbose.until()]).toEqual([[], false, null])
    verbose.set(true)
    expect(verbose.until()).toBe(clock.now() + 30 * 60_000)
    kad('asked %d peers', 3)
    await clock.advance(VERBOSE_FOR_MS - 1)
    kad.newScope('routing-table').error('still %s', 'here')
    expect(lines).toEqual(['libp2p:kad-dht asked 3 peers', 'libp2p:kad-dht:routing-table:error still here'])
    await clock.advance(1)
    kad('too late')
    expect([lines.length, kad.enabled, verbose.until(), clock.pending]).toEqual([2, false, null, 0])
  })

  it('M-34: asked for again they last 30 minutes from then, and end at once when told to', async () => {
    const { clock, lines, verbose, kad } = setUp()
    verbose.set(true)
    await clock.advance(VERBOSE_FOR_MS / 2)
    verbose.set(true)
    await clock.advance(VERBOSE_FOR_MS / 2)
    expect(kad.enabled).toBe(true)
    verbose.set(false)
    kad('no more')
    expect([lines, verbose.until(), clock.pending]).toEqual([[], null, 0])
  })

  it('M-34: are no flood: the rest of a second is counted, and told with the next', async () => {
    const { clock, lines, verbose, kad } = setUp()
    verbose.set(true)
    await clock.advance(1_000)
    for (let i = 0; i < MAX_LINES_PER_S + 7; i++) kad('one more')
    expect(lines).toHaveLength(MAX_LINES_PER_S)
    await clock.advance(1_000)
    kad('the next second')
    expect(lines.slice(MAX_LINES_PER_S)).toEqual([
      '7 more lines of one second are left out',
      'libp2p:kad-dht the next second',
    ])
    verbose.dispose()
  })

  it('M-34: say ids, errors, bytes and objects in words, whatever a message is made of', () => {
    const { lines, verbose, kad } = setUp()
    verbose.set(true)
    const circular: Record<string, unknown> = {}
    circular.self = circular
    kad('%p failed with %e after %b, 100%%', { toString: () => '12D3Koo' }, new Error('no way'), Uint8Array.of(1, 255))
    kad('more %s', 'words', { than: 'places' })
    kad('fewer %s')
    kad(circular)
    expect(lines.map((line) => line.replace('libp2p:kad-dht ', ''))).toEqual([
      '12D3Koo failed with no way after 01ff, 100%',
      'more words {"than":"places"}',
      'fewer %s',
      '[object Object]',
    ])
    verbose.dispose()
  })
})
