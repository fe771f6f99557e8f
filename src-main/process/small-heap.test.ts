import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { tuneForSmallHeap } from './small-heap'

it('O-05: V8 is told under plain Node, in words that it knows, and never in Electron', () => {
  const flags: string[] = []
  tuneForSmallHeap({ node: '24.0.0', v8: '13.6' }, (flag) => void flags.push(flag))
  tuneForSmallHeap({ node: '24.0.0', electron: '45.0.0' }, (flag) => void flags.push(flag))
  expect(flags).toHaveLength(2)
  const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' })
  for (const flag of flags) {
    const name = flag.replace(/^--(no-)?/, '').replace(/=.*/, '')
    expect(known).toContain(`\n  --${name} (`)
  }
})
