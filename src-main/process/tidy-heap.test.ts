import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { keepHeapTidy } from './tidy-heap'

it('O-05: V8 is told under plain Node, in words that it knows, and never in Electron', () => {
  const flags: string[] = []
  keepHeapTidy({ node: '24.0.0', v8: '13.6' }, (flag) => void flags.push(flag))
  keepHeapTidy({ node: '24.0.0', electron: '45.0.0' }, (flag) => void flags.push(flag))
  expect(flags).toHaveLength(1)
  const [name] = flags[0]!.split('=')
  expect(execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' })).toContain(`${name} `)
})
