import { describe, expect, it } from 'vitest'
import { PEERS, peersOf } from '../e2e/support/status-fixtures'
import { checksOf, LARGE_SHARDS, linesOf, SETTINGS, SHARDS } from '../e2e/support/view-fixtures'
import type { PeerSummary } from '../src-shared/status'
import { chainOf, chainOfHops, stepsBetween } from './chain'
import { sortChecks } from './components/check-list'
import { filterLines, lineText } from './log-filter'
import { dashboardOf } from './node-facts'
import { type PeerColumn, sortPeers } from './peer-order'
import { splitByPlace } from './peer-places'
import { groupPieces } from './piece-map'
import { formOf, readForm } from './settings-form'

const HOPS = [
  { peerId: PEERS.walnut, blocks: { start: 0, end: 4 }, computeMs: 2.1 },
  { peerId: PEERS.self, blocks: { start: 4, end: 8 }, computeMs: 3.4 },
]

describe('the dashboard of a network', () => {
  it('C-23: lies below its coordinator, at a web address only; a demo has none to show', () => {
    expect(dashboardOf({ kind: 'coordinator', url: 'https://pool.example/a/' })).toBe(
      'https://pool.example/a/dashboard',
    )
    expect(dashboardOf({ kind: 'coordinator', url: 'file:///etc/passwd' })).toBeNull()
    expect(dashboardOf({ kind: 'demo' })).toBeNull()
    expect(dashboardOf(null)).toBeNull()
  })
})

describe('peers', () => {
  const peers = peersOf(100_000)
  const names = (column: PeerColumn, isDescending = false) =>
    sortPeers(peers, { column, isDescending }).map(({ publicName }) => publicName)

  it('are sorted by any column; this computer first, what is not known last', () => {
    expect(names('name')).toEqual(['attic-pc', 'pear-shed', 'walnut', null])
    expect(names('name', true)).toEqual(['attic-pc', 'walnut', 'pear-shed', null])
    expect(names('state')).toEqual(['attic-pc', 'walnut', 'pear-shed', null])
    expect(names('blocks')).toEqual(['attic-pc', 'walnut', 'pear-shed', null])
    expect(names('seenAt')).toEqual(['attic-pc', 'walnut', 'pear-shed', null])
    expect(names('seenAt', true)).toEqual(['attic-pc', null, 'pear-shed', 'walnut'])
    expect(names('roundTripMs')).toEqual(['attic-pc', 'walnut', null, 'pear-shed'])
  })

  it('are drawn where they are, and nowhere when nobody knows', () => {
    const places = new Map([
      [PEERS.self as string, { latitude: 52.5, longitude: 13.4 }],
      [PEERS.walnut, { latitude: 0, longitude: 0 }],
      [PEERS.pear, { latitude: Number.NaN, longitude: 4 }],
    ])
    const { placed, unplaced } = splitByPlace(peers, ({ peerId }) => places.get(peerId) ?? null)
    expect(placed.map(({ publicName }) => publicName)).toEqual(['attic-pc'])
    expect(unplaced).toHaveLength(3)
    expect(splitByPlace(peers, () => ({ latitude: 91, longitude: 0 })).placed).toEqual([])
  })

  it('form a chain: the route in its order, then the others by their blocks, those without blocks left out', () => {
    const rows = chainOf(HOPS, peers)
    expect(rows.map(({ name, used }) => [name, used?.start ?? null])).toEqual([
      ['walnut', 0],
      ['attic-pc', 4],
      ['pear-shed', null],
    ])
    expect(rows[0]).toMatchObject({ computeMs: 2.1, roundTripMs: 2.4 })
    expect(stepsBetween(rows)).toEqual([{ row: 1, block: 4 }])
    const gone = { peerId: PEERS.bootstrap, blocks: { start: 0, end: 8 }, computeMs: null }
    expect(chainOfHops([gone], [])).toMatchObject([{ name: '12D3…p9Lw', serves: gone.blocks, roundTripMs: null }])
    expect(chainOf([], [{ ...peers[1], state: 'offline' } as PeerSummary])).toEqual([])
  })
})

describe('pieces', () => {
  it('are grouped in the order in which an answer passes, none lost', () => {
    const groups = groupPieces(SHARDS.pieces.toReversed())
    expect(groups.map(({ label }) => label)).toEqual(['in', '0', '1', '2', '3', '4', '5', '6', '7', 'out', 'all'])
    expect(groups.flatMap(({ pieces }) => pieces)).toHaveLength(SHARDS.pieces.length)
    expect(groups.filter(({ isNeeded }) => isNeeded).map(({ label }) => label)).toEqual([
      '4',
      '5',
      '6',
      '7',
      'out',
      'all',
    ])
    expect(groupPieces(LARGE_SHARDS.pieces)).toHaveLength(131)
  })
})

describe('checks', () => {
  it('stand with what needs somebody first, otherwise as the node ordered them', () => {
    const sorted = sortChecks(checksOf(0)).map(({ id }) => id)
    expect(sorted.slice(0, 4)).toEqual(['reachability', 'map-row', 'data-directory', 'disk-space'])
  })
})

describe('log lines', () => {
  const lines = linesOf(10_000, 12)

  it('are found by every word, in code or message, in any case, from a level up', () => {
    expect(filterLines(lines, { query: '', level: 'debug' })).toBe(lines)
    expect(filterLines(lines, { query: 'COORDINATOR heartbeat', level: 'debug' })).toHaveLength(1)
    expect(filterLines(lines, { query: 'coordinator piece', level: 'debug' })).toHaveLength(0)
    expect(filterLines(lines, { query: '', level: 'warn' }).map(({ level }) => level)).toEqual(['warn', 'error'])
  })

  it('are copied as one line of text each', () => {
    expect(lineText({ seq: 1, at: 0, level: 'warn', code: 'a.b', message: 'c d' }, () => 'T')).toBe('T WARN  a.b c d')
  })
})

describe('the settings form', () => {
  const form = formOf(SETTINGS)

  it('changes nothing when nothing was typed', () => {
    expect(readForm(form, SETTINGS)).toEqual({ patch: {}, replaces: {}, problems: new Set() })
  })

  it('reads what people write, and sends only what changed', () => {
    const typed = { ...form, publicName: ' cellar-pc ', contextTokens: '131,072', threads: '8', modelPath: '/m.gguf' }
    expect(readForm(typed, SETTINGS)).toEqual({
      patch: { publicName: 'cellar-pc', contextTokens: 131_072, threads: 8, modelPath: '/m.gguf' },
      replaces: { publicName: 'attic-pc', contextTokens: 512, threads: null, modelPath: null },
      problems: new Set(),
    })
    expect(readForm({ ...form, threads: '' }, { ...SETTINGS, threads: 8 }).patch).toEqual({ threads: null })
  })

  it.each([
    ['publicName', ''],
    ['publicName', '<b>'],
    ['publicName', 'x'.repeat(65)],
    ['listenPort', '80'],
    ['listenPort', '31338.5'],
    ['listenPort', ''],
    ['threads', '0'],
    ['contextTokens', '1e3'],
    ['maxSequences', '65'],
    ['modelPath', 'x'.repeat(4_097)],
  ] as const)('names %s when it holds %s', (name, text) => {
    expect([...readForm({ ...form, [name]: text }, SETTINGS).problems]).toEqual([name])
  })
})
