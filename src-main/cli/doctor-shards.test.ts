import { expect, it } from 'vitest'
import type { Check } from '../../src-shared/app-views'
import type { NodeStatus } from '../../src-shared/status'
import { shardAnswer } from './doctor-shards'

const ready = (isReady: boolean) =>
  ({ at: 0, readiness: { isReady, shards: [], blocker: null } }) as unknown as Pick<NodeStatus, 'readiness' | 'at'>
const check = (verdict: Check['verdict'], evidence: string): Check => ({
  ...{ id: 'shards-own', title: 'Own shard', verdict, evidence, action: null, code: null, at: 0 },
})

it('S-40: is well only when every shard is loaded and no line is red', () => {
  expect(shardAnswer(ready(true), [check('pass', 'hashed'), check('warn', 'slow')]).isWell).toBe(true)
  expect(shardAnswer(ready(true), [check('fail', 'The bytes on disk differ')]).isWell).toBe(false)
  expect(shardAnswer(ready(false), [check('pass', 'hashed')]).isWell).toBe(false)
  expect(shardAnswer({ at: 0 } as NodeStatus, []).isWell).toBe(false)
})

it('S-41: prints no paths, in words or as JSON', () => {
  const { text, json } = shardAnswer(ready(true), [
    check('fail', 'looked for at /home/alice/.espalier/models/ab/slice.gguf'),
  ])
  for (const printed of [text, JSON.stringify(json)]) {
    expect(printed).toContain('looked for at ‹path 1›')
    expect(printed).not.toContain('alice')
  }
})
