import { expect, it } from 'vitest'
import type { NetworkTalk } from '../../src-shared/network-talk'
import type { RunningNode } from '../node/node'
import { createTalkHandlers } from './talk-handlers'

it('M-34: the running node says what it talks and is told to write more; without one there is nothing to tell', () => {
  let talk: NetworkTalk = { protocols: [], verboseUntil: null }
  const node = {
    talk: {
      get: () => talk,
      setVerbose(isOn: boolean) {
        talk = { ...talk, verboseUntil: isOn ? 1_800_000 : null }
      },
    },
  } as unknown as RunningNode
  let running: RunningNode | null = null
  const handlers = createTalkHandlers(() => running)
  expect(handlers['talk.get']({})).toBeNull()
  expect(() => handlers['talk.verbose']({ on: true })).toThrow(expect.objectContaining({ code: 'NODE_STOPPED' }))
  running = node
  expect(handlers['talk.verbose']({ on: true })).toEqual({ protocols: [], verboseUntil: 1_800_000 })
  expect(handlers['talk.get']({})).toBe(talk)
  expect(handlers['talk.verbose']({ on: false })).toEqual({ protocols: [], verboseUntil: null })
})
