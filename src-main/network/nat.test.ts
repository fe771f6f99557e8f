import { expect, it } from 'vitest'
import { natServices } from './nat'
import { PROFILES } from './profiles'

it('routers and strangers are asked for help in real networks only, and for a port only by who listens on one', () => {
  expect(natServices(PROFILES.local, true)).toEqual({})
  expect(Object.keys(natServices(PROFILES.espalier, true)).sort()).toEqual(['autonat', 'dcutr', 'upnp'])
  expect(Object.keys(natServices(PROFILES.petals, false))).toEqual(['dcutr'])
})
