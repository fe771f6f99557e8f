import { describe, expect, it } from 'vitest'
import { scoreOf, search } from './fuzzy'

const items = ['Overview', 'Stop the node', 'Stop hosting', 'Copy for support', 'Start the node', 'Colours: dark'].map(
  (title) => ({ title, keywords: title === 'Overview' ? 'home status' : '' }),
)
const found = (query: string) => search(query, items).map(({ title }) => title)

describe('the search of the command palette', () => {
  it('finds words by their beginnings, in any order', () => {
    expect(found('node st')).toEqual(['Stop the node', 'Start the node'])
    expect(found('host')).toEqual(['Stop hosting'])
  })

  it('finds first letters, and letters with some left out', () => {
    expect(found('cfs')).toEqual(['Copy for support'])
    expect(found('ovrvw')).toEqual(['Overview'])
  })

  it('finds other words for the same, after those with the word itself', () => {
    expect(found('home')).toEqual(['Overview'])
    const both = [
      { title: 'Settings', keywords: 'theme' },
      { title: 'Theme', keywords: '' },
    ]
    expect(search('theme', both).map(({ title }) => title)).toEqual(['Theme', 'Settings'])
  })

  it('finds nothing where a word is nowhere, and everything for nothing', () => {
    expect(found('stop banana')).toEqual([])
    expect(found('  ')).toHaveLength(items.length)
  })

  it('takes no notice of capitals and accents', () => {
    expect(scoreOf('RÉSUME', { title: 'Resume fetching', keywords: '' })).not.toBeNull()
  })

  it('does not take letters scattered over a sentence for a word', () => {
    expect(scoreOf('sod', { title: 'Support for a bundled thing', keywords: '' })).toBeNull()
  })
})
