import { expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import { PROFILES } from '../network/profiles'
import { publicName } from './arguments'
import { checkPeers } from './check-peers'
import { contract } from './contract'
import { events } from './events'
import { identity } from './identity'
import { observe } from './observe'
import { serve } from './serve'
import { checkArguments, WrongArguments } from './wrong-arguments'

const OBSERVE = { bootstrap: [], profile: PROFILES.local, track: [], interval: 60, once: false, json: true }
const SERVE = { uiPort: 0, json: true, dataDir: '/dev/null/never-opened' }

it('an argument that is refused keeps its words, and is told from work that failed', async () => {
  const refusal = new EspalierError('COORDINATOR_INSECURE', 'host.example')
  const wrong = await checkArguments(() => {
    throw refusal
  }).catch((error: unknown) => error)
  expect(wrong).toBeInstanceOf(WrongArguments)
  expect((wrong as WrongArguments).report()).toEqual(refusal.report())
  expect(await checkArguments(async () => 7)).toBe(7)
  await expect(checkArguments(() => Promise.reject(new TypeError('a fault')))).rejects.toBeInstanceOf(TypeError)
})

it.each([
  ['a coordinator that is no address', () => serve({ ...SERVE, coordinator: 'nonsense url' })],
  ['one that is not encrypted', () => serve({ ...SERVE, coordinator: 'http://192.0.2.7:8000' })],
  ['an invite that is none', () => serve({ ...SERVE, invite: 'nonsense' })],
  ['a peer without an id', () => serve({ ...SERVE, bootstrap: ['/ip4/127.0.0.1/tcp/9'] })],
  ['more threads than there are cores', () => serve({ ...SERVE, threads: 512 })],
  ['a contract with nobody', () => contract('::', { insecureHttp: false, json: true })],
  ['a map at no address', () => observe({ ...OBSERVE, serve: 0, serveHost: 'a host with spaces' })],
  ['a backup without a place', () => identity('export', undefined, { ...SERVE })],
])('%s ends with 2 before anything is opened', async (_, run) => {
  await expect(run()).rejects.toBeInstanceOf(WrongArguments)
})

it('a name and a list of peers are looked at word for word', () => {
  expect(publicName('attic-pc')).toBe('attic-pc')
  expect(() => publicName('<b>')).toThrow('no < or >')
  const good = '/ip4/127.0.0.1/tcp/9/p2p/12D3KooWGVcBgcLGvVnWEv1hTxzTMo1Y1cLzdR2TPdwmsCoiJ4gn'
  expect(() => checkPeers([good])).not.toThrow()
  expect(() => checkPeers([good, 'nonsense'])).toThrow(expect.objectContaining({ code: 'MULTIADDR_INVALID' }))
})

it('events of a data directory that is a file are refused with the code that says so', async () => {
  await expect(events({ dataDir: process.execPath, json: true })).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' })
})
