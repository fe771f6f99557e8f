import { expect, it } from 'vitest'
import { createSayOnce } from './say-once'

it('a node that stays unseen warns once a change, with a count, and not at every look', () => {
  const said: string[] = []
  const once = createSayOnce({ write: (level, code, message) => void said.push(`${level} ${code}: ${message}`) })
  const aloud = () => said.filter((line) => !line.startsWith('debug'))
  for (let look = 0; look < 40; look++) once.warn('visible.doubted', 'NOT_DIALABLE', `nobody got through at ${look}`)
  once.warn('serve.doubted', 'TIMED_OUT', 'no answer')
  expect(aloud()).toEqual(['warn visible.doubted: nobody got through at 0', 'warn serve.doubted: no answer'])
  expect(said).toHaveLength(41)
  once.warn('visible.doubted', 'NO_WITNESS', 'nobody to ask')
  expect(aloud().at(-1)).toBe('warn visible.doubted: nobody to ask (before: NOT_DIALABLE, 40 times)')
  once.warn('visible.doubted', 'NO_WITNESS', 'nobody to ask')
  once.over('visible.doubted')
  expect(aloud().at(-1)).toBe('info visible.doubted.over: well again, after NO_WITNESS, 2 times')
  once.over('visible.doubted')
  once.over('serve.doubted')
  expect(aloud()).toHaveLength(4)
})
