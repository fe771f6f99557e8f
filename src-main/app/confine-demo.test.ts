import { describe, expect, it } from 'vitest'
import { DEFAULT_SETTINGS, type NetworkChoice, type Settings } from '../../src-shared/settings'
import { PROFILES } from '../network/profiles'
import { confineDemo } from './confine-demo'

const REAL: NetworkChoice = { kind: 'coordinator', url: 'https://models.example' }
const HERE: NetworkChoice = { kind: 'coordinator', url: 'http://127.0.0.1:8000' }
const OPEN: Settings = { ...DEFAULT_SETTINGS, publicName: 'slow-elm', apiAccess: 'lan' }
const confined = expect.objectContaining({ code: 'DEMO_CONFINED' })

describe('C-40: a demonstration stays on this computer', () => {
  it('a program that was started in one neither leaves it nor opens it', () => {
    const bounds = confineDemo(PROFILES.local, () => HERE)
    expect(() => bounds.checkChoice(REAL)).toThrow(confined)
    expect(() => bounds.checkHosting({ modelPath: '/m.gguf', reach: 'network' })).toThrow(confined)
    expect(() => bounds.checkSettings({ apiAccess: 'lan' })).toThrow(confined)
    expect(bounds.apiAccess(OPEN)).toBe('loopback')
    bounds.checkChoice(HERE)
    bounds.checkChoice({ kind: 'demo' })
    bounds.checkHosting({ modelPath: '/m.gguf', reach: 'computer' })
    bounds.checkSettings({ apiAccess: 'loopback' })
  })

  it('in the app it may be left, and what was open to other computers is closed while it lasts', () => {
    let network: NetworkChoice = REAL
    const bounds = confineDemo(undefined, () => network)
    expect(bounds.apiAccess(OPEN)).toBe('lan')
    network = { kind: 'demo' }
    expect(bounds.apiAccess(OPEN)).toBe('loopback')
    expect(() => bounds.checkSettings({ apiAccess: 'lan' })).toThrow(confined)
    bounds.checkChoice(REAL)
    bounds.checkHosting({ modelPath: '/m.gguf', reach: 'network' })
  })
})
