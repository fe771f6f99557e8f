import { describe, expect, it } from 'vitest'
import { fetchingStatus, largeModelStatus, servingStatus, stoppedStatus } from '../../e2e/support/status-fixtures'
import type { NodeStatus } from '../../src-shared/status'
import { trayWords } from './tray-words'
import { wordsFor } from './words'
import { DE } from './words/de'
import { EN } from './words/en'

const words = (status: NodeStatus) => trayWords(status, wordsFor('en', []))
const labels = (status: NodeStatus) => words(status).lines.map(({ label }) => label)

describe('the tray’s words', () => {
  it('count the peers that did not fit into the status', () => {
    const serving = servingStatus(1)
    const [peers] = labels({ ...serving, peersLeftOut: 1_000 - serving.peers.length })
    expect(peers).toBe('1,000 peers')
  })

  it('say nothing of peers and tokens of a node that is stopped, or on its way out', () => {
    expect(labels(stoppedStatus(1))).toEqual([])
    expect(labels({ ...servingStatus(1), phase: 'stopping' })).toEqual([])
  })

  it('say how far it is only while it works, between nothing and all of it', () => {
    const fetching = fetchingStatus(1)
    const at = (done: number, total: number, shape: NodeStatus['shape'] = 'working') =>
      words({
        ...fetching,
        shape,
        steps: fetching.steps.map((step) =>
          step.state === 'working' ? { ...step, progress: { done, total, unit: 'bytes' as const } } : step,
        ),
      }).progress
    expect([at(1, 4), at(5, 4), at(0, 0), at(1, 4, 'waiting')]).toEqual([0.25, 1, null, null])
  })

  it('name a demonstration as one', () => {
    const { toolTip } = words({ ...servingStatus(1), watermark: 'DEMO' })
    expect(toolTip).toContain('DEMO')
  })
})

it('the tooltip is the state with the block strip below it, and without a model the state alone', () => {
  expect(trayWords(servingStatus(1_000), EN).toolTip).toBe('Espalier: Serving blocks 4–7\n▓▓▓▓████')
  expect(trayWords(stoppedStatus(1_000), EN).toolTip).toBe('Espalier: Stopped')
})

it('no tooltip is longer than Windows shows: the words give way, and the strip stays whole', () => {
  for (const words of [EN, DE])
    for (const headline of ['Serving blocks 0–9', 'x'.repeat(120)]) {
      const { toolTip } = trayWords({ ...largeModelStatus(1_000), headline, watermark: 'DEMO' }, words)
      expect(toolTip.length).toBeLessThanOrEqual(127)
      expect(toolTip).toMatch(/^Espalier \(DEMO\): .*\n[▓░█▒]{32}$/)
    }
})
