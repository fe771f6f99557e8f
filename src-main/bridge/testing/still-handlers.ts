import { offHost } from '../../../e2e/support/host-fixtures'
import { stoppedStatus } from '../../../e2e/support/status-fixtures'
import type { MethodHandlers } from '../../../src-shared/contract'
import { DEFAULT_SETTINGS, type Settings } from '../../../src-shared/settings'

const SETTINGS: Settings = { ...DEFAULT_SETTINGS, publicName: 'quiet-pear-1000' }

/** For tests: answers to every method that fit the contract and do nothing. */
export function stillHandlers(): MethodHandlers {
  return {
    'status.get': () => stoppedStatus(1_000),
    'node.start': () => ({}),
    'node.stop': () => ({}),
    'node.reapply': () => ({}),
    'node.load': () => ({}),
    'generate.start': () => ({ generationId: 'g1' }),
    'generate.cancel': () => ({}),
    'settings.get': () => SETTINGS,
    'settings.save': () => SETTINGS,
    'network.preview': ({ url }) => ({
      coordinatorUrl: url,
      modelName: null,
      blockCount: 0,
      onlineWorkers: null,
      coveragePercent: null,
      isDemo: false,
      willSend: [],
    }),
    'network.join': () => ({}),
    'network.leave': () => ({}),
    'meter.run': () => ({}),
    'meter.cancel': () => ({}),
    'shards.get': () => null,
    'diagnostics.run': () => [],
    'logs.recent': () => [],
    'api.get': () => ({ url: null, key: null, error: null }),
    'host.get': () => offHost(1_000),
    'host.start': () => ({}),
    'host.stop': () => ({}),
    'host.decide': () => ({}),
    'host.invite': () => ({ label: '', link: 'espalier://invite', picture: null, expiresAt: 1_000 }),
  }
}
