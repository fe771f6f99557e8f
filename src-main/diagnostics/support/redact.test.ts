import { describe, expect, it } from 'vitest'
import { createRedactor } from './redact'

describe('D-T36: each rule by itself', () => {
  it.each<[string, string]>([
    ['worker 3f2b8c1e-9d4a-4c77-8f10-0a1b2c3d4e5f left', 'worker ‹id 1› left'],
    ['slice ab12cd34ab12cd34ab12cd34ab12cd34 read', 'slice ‹hash 1› read'],
    ['on 3c:22:fb:0a:1b:2c and 3C-22-FB-0A-1B-2D', 'on ‹MAC address 1› and ‹MAC address 2›'],
    ['mail kim@example.org now', 'mail ‹e-mail 1› now'],
    ['key ghp_abcdefgh12 and xoxb-abcdefgh12', 'key ‹token 1› and ‹token 2›'],
    ['{"apiKey":"tiny-one","x":1}', '{"apiKey":"‹token 1›","x":1}'],
    ['password=open,sesame', 'password=‹token 1›,sesame'],
    ['authorization: Digest abcd', 'authorization: Digest ‹token 1›'],
    ['bearer of news, Bearer abc123', 'bearer of news, Bearer ‹token 1›'],
    ['dial fe80::1:2 or ::1, 0.0.0.0 and ::', 'dial ‹address 1› or ::1, 0.0.0.0 and ::'],
    ['/dns4/attic.example/tcp/1 and /dns/localhost/tcp/1', '/dns4/‹name 1›/tcp/1 and /dns/localhost/tcp/1'],
    ['from https://huggingface.co/a/b and http://[::1]:80/x', 'from https://huggingface.co and http://[::1]'],
    ['secret Abcdefghijklmnopqrstuvw9 here', 'secret ‹secret 1› here'],
  ])('%s', (text, clean) => {
    expect(createRedactor().clean(text)).toBe(clean)
  })

  it('takes a key that was cut short out to the end of the text', () => {
    expect(createRedactor().clean('-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQ')).toBe('‹key 1›')
  })
})

describe('D-T36: what is known to be private', () => {
  it('goes in every form in which it may be written', () => {
    const { clean } = createRedactor([{ word: 'home', value: 'C:\\Users\\Kim Müller' }])
    const forms = [
      'C:\\Users\\Kim Müller',
      JSON.stringify('C:\\Users\\Kim Müller').slice(1, -1),
      'C:/Users/Kim Müller',
      encodeURIComponent('C:\\Users\\Kim Müller'),
      'c:\\users\\kim müller',
    ]
    for (const form of forms) expect(clean(`(${form})`)).toBe('(‹home›)')
  })

  it('longest first, so that a name within a place leaves nothing of the place', () => {
    const { clean } = createRedactor([
      { word: 'user name', value: 'kim' },
      { word: 'home', value: '/var/kim' },
    ])
    expect(clean('in /var/kim by kim')).toBe('in ‹home› by ‹user name›')
  })

  it('not what is too short, nobody’s, or a part of another word', () => {
    const { clean, takenOut } = createRedactor([
      { word: 'user name', value: 'ab' },
      { word: 'user name', value: 'Root' },
      { word: 'user name', value: 'tim' },
    ])
    expect(clean('about the root of time')).toBe('about the root of time')
    expect(takenOut()).toEqual([])
    expect(clean('tim and Tim.')).toBe('‹user name› and ‹user name›.')
  })

  it('counts how many different ones there were', () => {
    const { clean, takenOut } = createRedactor()
    clean('203.0.113.7, 203.0.113.8 and 203.0.113.7')
    expect(takenOut()).toEqual([{ what: 'address', count: 2 }])
  })
})
