import { expect, it } from 'vitest'
import { degradedStatus, servingStatus } from '../../e2e/support/status-fixtures'
import { systemClock } from '../../src-shared/clock'
import { createProgress } from './progress'

it('tells of a trouble once, of its end, and of the next one', () => {
  const lines: string[] = []
  const progress = createProgress(systemClock, (line) => lines.push(line.replace(/^ *\d+\.\d s {2}/, '')))
  const visible = () => lines.splice(0).filter((line) => line.includes(': visible'))
  progress.steps('pear', servingStatus(0))
  expect(visible()).toEqual([expect.stringMatching(/^● pear .*: visible — /)])
  progress.steps('pear', degradedStatus(0))
  progress.steps('pear', degradedStatus(0))
  expect(visible()).toEqual([expect.stringMatching(/^◣ pear .*NOT_READ_BACK/)])
  progress.steps('pear', servingStatus(0))
  progress.steps('pear', servingStatus(0))
  expect(visible()).toEqual([expect.stringMatching(/^● pear .*: visible, well again — /)])
  progress.steps('pear', degradedStatus(0))
  expect(visible()).toHaveLength(1)
})
