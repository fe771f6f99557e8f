import { COMPUTER, TIMING } from '../../../e2e/support/computer-fixtures'
import { CATALOGUE, diagnosisOf, diskOf, FIT, NO_TOKEN } from '../../../e2e/support/file-fixtures'
import { offHost } from '../../../e2e/support/host-fixtures'
import { stoppedStatus } from '../../../e2e/support/status-fixtures'
import { appViewOf, BUNDLE, IDENTITY } from '../../../e2e/support/view-fixtures'
import { weekOf } from '../../../e2e/support/week-fixtures'
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
      modelBytes: null,
      blockBytes: null,
      onlineWorkers: null,
      coveragePercent: null,
      isDemo: false,
      invite: null,
      willSend: [],
    }),
    'network.join': () => ({}),
    'network.leave': () => ({}),
    'computer.get': () => COMPUTER,
    'computer.time': () => TIMING,
    'computer.stopTiming': () => ({}),
    'lan.find': () => ({ networks: [], trouble: null }),
    'meter.run': () => ({}),
    'meter.cancel': () => ({}),
    'shards.get': () => null,
    'shards.diagnose': () => diagnosisOf(1_000),
    'fetch.pause': () => ({}),
    'fetch.resume': () => ({}),
    'fetch.cancel': () => ({}),
    'fetch.await': () => ({}),
    'disk.get': () => diskOf(1_000),
    'disk.free': () => diskOf(1_000),
    'catalogue.get': () => CATALOGUE,
    'fit.get': () => FIT,
    'token.get': () => NO_TOKEN,
    'token.set': () => NO_TOKEN,
    'token.takeFound': () => NO_TOKEN,
    'diagnostics.run': () => [],
    'diagnostics.mend': ({ id }) => ({
      id,
      title: '',
      verdict: 'pass',
      evidence: '',
      action: null,
      code: null,
      at: 1_000,
    }),
    'diagnostics.bundle': () => BUNDLE,
    'diagnostics.saveBundle': () => ({ path: '/data/support/espalier-support.txt' }),
    'talk.get': () => null,
    'talk.verbose': () => null,
    'files.choose': () => ({ path: '/home/kim/models/chosen.gguf' }),
    'identity.get': () => IDENTITY,
    'identity.export': ({ path }) => ({ path }),
    'identity.import': () => ({ identity: IDENTITY, keptAt: '/data/identity.key.before-1' }),
    'identity.restoreCopy': () => ({ identity: IDENTITY, keptAt: null }),
    'identity.renew': () => ({ identity: IDENTITY, keptAt: null }),
    'app.get': () => appViewOf(1_000),
    'app.answerInvite': () => ({}),
    'app.update': () => ({}),
    'app.draft': () => ({}),
    'contribution.get': () => weekOf(1_000),
    'logs.recent': () => [],
    'api.get': () => ({ url: null, key: null, error: null }),
    'host.get': () => offHost(1_000),
    'host.start': () => ({}),
    'host.stop': () => ({}),
    'host.decide': () => ({}),
    'host.load': () => ({}),
    'host.invite': () => ({ label: '', link: 'espalier://invite', picture: null, expiresAt: 1_000 }),
  }
}
