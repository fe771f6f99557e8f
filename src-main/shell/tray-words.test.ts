import { expect, it } from 'vitest'
import { largeModelStatus, servingStatus, stoppedStatus } from '../../e2e/support/status-fixtures'
import { trayWords } from './tray-words'
import { DE } from './words/de'
import { EN } from './words/en'

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
