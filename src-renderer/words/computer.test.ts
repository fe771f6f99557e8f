import { expect, it } from 'vitest'
import { networkWords, overWords } from './computer'

it('O-16: what goes over the network, as a rate once there is one', () => {
  const network = { receivedBytes: 4_310_000_000, sentBytes: 12, receivedPerS: null, sentPerS: null }
  expect(networkWords({})).toBeNull()
  expect(networkWords({ network })?.now.replaceAll('\u202f', ' ').replaceAll('\u00a0', ' ')).toBe('↓ 4.31 GB ↑ 12 B')
  const rate = networkWords({ network: { ...network, receivedPerS: 18_400.4, sentPerS: 0 } })
  expect(rate?.now.replaceAll('\u202f', ' ').replaceAll('\u00a0', ' ')).toBe('↓ 18.4 kB/s ↑ 0 B/s')
})

it('O-16: what is above a limit is named with both figures', () => {
  const { lead, text } = overWords({ what: 'memory', used: 2.5e9, cap: 2e9, since: 0 })
  expect(lead).toBe('More memory than you offer')
  expect(text).toMatch(/2\.50.GB of 2\.00.GB/)
  expect(overWords({ what: 'processor', used: 4, cap: 2, since: 0 }).text).toMatch(/4\.0 cores busy, of 2\.0 cores/)
})
