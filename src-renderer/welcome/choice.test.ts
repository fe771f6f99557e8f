import { describe, expect, it } from 'vitest'
import { PREVIEW, SETTINGS } from '../../e2e/support/view-fixtures'
import { EspalierError } from '../../src-shared/errors'
import type { Preview } from '../stores/settings-store'
import { type Answers, createWelcomeStore } from '../stores/welcome-store'
import { choiceOf } from './choice'

const URL_A = 'https://orchard.example'
const answers = (patch: Partial<Answers>): Answers => ({ ...createWelcomeStore(null).state.getState(), ...patch })
const choice = (patch: Partial<Answers>, preview: Preview = { state: 'none' }) =>
  choiceOf(answers(patch), preview, SETTINGS)

describe('the choice of a network', () => {
  it('is made for a demo, and otherwise when the very address that stands there was looked at', () => {
    const seen: Preview = { state: 'seen', url: URL_A, network: PREVIEW }
    expect(choice({ way: 'demo' }).isMade).toBe(true)
    expect(choice({ way: 'address', address: URL_A }).isMade).toBe(false)
    expect(choice({ way: 'address', address: ` ${URL_A} ` }, seen)).toMatchObject({ isMade: true, network: PREVIEW })
    expect(choice({ way: 'address', address: 'https://other.example' }, seen).isMade).toBe(false)
    // The address of another way is not asked for.
    expect(choice({ way: 'invite', address: URL_A }, seen)).toMatchObject({ isMade: false, asked: '' })
    expect(choice({ way: 'demo', address: URL_A }, seen).network).toBeNull()
  })

  it('says what is missing, by way', () => {
    expect(choice({ way: 'invite' }).problem).toMatch(/address/)
    expect(choice({ way: 'lan' }).problem).toMatch(/Choose one of the networks/)
    expect(choice({ way: 'host' }).problem).toBeNull()
    expect(choice({ way: 'address', address: 'x y' }).problem).not.toBeNull()
    expect(choice({ way: 'address', address: URL_A, publicName: '<b>' }).nameProblem).not.toBeNull()
  })

  it('C-44: unencrypted takes a word, and only the whole word counts', () => {
    const address = 'http://192.168.1.17:8000'
    const failed: Preview = {
      state: 'failed',
      url: address,
      failure: new EspalierError('COORDINATOR_INSECURE', '192.168.1.17').report(),
    }
    expect(choice({ way: 'address', address }, failed)).toMatchObject({ needsWord: true, insecure: undefined })
    expect(choice({ way: 'address', address, insecureWord: 'unencr' }, failed).insecure).toBeUndefined()
    expect(choice({ way: 'address', address, insecureWord: ' Unencrypted ' }, failed).insecure).toBe(true)
    expect(choice({ way: 'address', address: URL_A }, failed).needsWord).toBe(false)
  })
})
