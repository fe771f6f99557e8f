import { expect, it } from 'vitest'
import type { NodeStatus } from '../../src-shared/status'
import { emptySteps } from '../../src-shared/status'
import { statusText } from './status-text'

const STATUS: NodeStatus = {
  revision: 1,
  at: 0,
  phase: 'running',
  shape: 'visible',
  headline: 'Serving blocks 0–3',
  sentence: 'Two peers see this node.',
  watermark: null,
  peerId: null,
  publicName: 'pear',
  profile: 'espalier',
  listenAddresses: [],
  coordinatorUrl: null,
  model: null,
  blocks: null,
  loadLevel: 'L6',
  coverage: [],
  peers: [],
  steps: emptySteps(),
  contribution: { requests: 0, tokens: 0, upSince: null },
  resources: { hostResidentBytes: null, engineResidentBytes: null, cpuCores: null },
}

it('M-39: a speed says when it was measured and on what; without one nothing is said', () => {
  const speed = {
    inferenceRps: 1234.56,
    forwardRps: 98.76,
    measuredAt: Date.UTC(2026, 10, 21, 17, 5),
    // Drivers may say anything.
    device: 'Some\u001b[31m Card',
  }
  const text = statusText({ ...STATUS, speed })
  expect(text).toContain('1230 steps and 98.8 batch tokens a second and block, measured on 2026-11-21 17:05 UTC, Some')
  expect(text).not.toContain('\u001b')
  expect(statusText(STATUS)).not.toMatch(/measured|second/)
})
