import { describe, expect, it } from 'vitest'
import { nodeAction } from '../../src-shared/node-action'
import { PROFILES } from '../network/profiles'
import { idleStatus } from './idle-status'

const common = { network: null, publicName: 'fig', revision: 1, at: 1, given: { tokens: 0, requests: 0 } } as const

describe('a node without a chosen network', () => {
  it('has nothing to start, and asks for a choice', () => {
    const status = idleStatus({ ...common, situation: { kind: 'idle' } })
    expect(status).toMatchObject({ profile: 'none', watermark: null, headline: 'Not part of a network yet' })
    expect(nodeAction(status).id).toBeNull()
  })

  it('is one like others where the command line names a profile or peers: stopped, and ready to start', () => {
    const status = idleStatus({ ...common, situation: { kind: 'idle' }, pinned: PROFILES.local })
    expect(status).toMatchObject({ profile: 'local', watermark: 'DEMO', headline: 'Stopped' })
    expect(nodeAction(status).id).toBe('start')
    const opening = idleStatus({ ...common, situation: { kind: 'opening' }, pinned: PROFILES.petals })
    expect(opening).toMatchObject({ profile: 'petals', headline: 'Starting' })
    expect(opening.sentence).not.toMatch(/coordinator/)
  })
})
