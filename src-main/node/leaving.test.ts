import { expect, it } from 'vitest'
import { type Announced, canBeTakenBack } from './leaving'

const SAID: Announced = {
  model: { dhtPrefix: 'Tiny-Jargon-8', blockCount: 8, repository: null },
  range: { start: 2, end: 5 },
  publicName: null,
  version: null,
}

it('M-29, O-17: only what can have stood in the network is taken back at the next start', () => {
  expect(canBeTakenBack(SAID)).toBe(true)
  for (const model of [{ dhtPrefix: 'a.b' }, { dhtPrefix: '' }, { blockCount: 2 ** 40 }]) {
    expect(canBeTakenBack({ ...SAID, model: { ...SAID.model, ...model } })).toBe(false)
  }
  for (const range of [
    { start: 5, end: 5 },
    { start: 0, end: 2 ** 40 },
  ]) {
    expect(canBeTakenBack({ ...SAID, range })).toBe(false)
  }
})
