// @vitest-environment happy-dom
import { afterEach, describe, expect, it } from 'vitest'
import { createWelcomeStore } from './welcome-store'

afterEach(() => window.sessionStorage.clear())

describe('answers of the first run', () => {
  it('are there again after a reload, and gone once they have led somewhere', () => {
    const store = createWelcomeStore()
    store.answer({ way: 'address', address: 'https://orchard.example' })
    expect(createWelcomeStore().state.getState()).toMatchObject({ way: 'address', address: 'https://orchard.example' })
    store.forget()
    expect(createWelcomeStore().state.getState()).toMatchObject({ way: 'invite', address: '' })
    expect(window.sessionStorage).toHaveLength(0)
  })

  it('of another shape are none, and a page without storage keeps them as long as it stands', () => {
    for (const text of ['no JSON', '{}', '{"way":"moon"}', '[]']) {
      window.sessionStorage.setItem('espalier.welcome', text)
      expect(createWelcomeStore().state.getState().way).toBe('invite')
    }
    const throwing = {
      getItem: () => {
        throw new Error('denied')
      },
      setItem: () => {
        throw new Error('full')
      },
    } as unknown as Storage
    const store = createWelcomeStore(throwing)
    store.answer({ way: 'demo' })
    expect(store.state.getState().way).toBe('demo')
  })
})
