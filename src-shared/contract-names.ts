// Plain lists: the preload imports them and must not pull in a validator.

export const METHOD_NAMES = [
  'status.get',
  'node.start',
  'node.stop',
  'node.reapply',
  'node.load',
  'generate.start',
  'generate.cancel',
  'settings.get',
  'settings.save',
  'network.preview',
  'network.join',
  'network.leave',
  'computer.get',
  'computer.time',
  'computer.stopTiming',
  'lan.find',
  'meter.run',
  'meter.cancel',
  'shards.get',
  'shards.diagnose',
  'fetch.pause',
  'fetch.resume',
  'fetch.cancel',
  'fetch.await',
  'disk.get',
  'disk.free',
  'catalogue.get',
  'fit.get',
  'token.get',
  'token.set',
  'token.takeFound',
  'diagnostics.run',
  'diagnostics.mend',
  'diagnostics.bundle',
  'diagnostics.saveBundle',
  'talk.get',
  'talk.verbose',
  'files.choose',
  'identity.get',
  'identity.export',
  'identity.import',
  'identity.restoreCopy',
  'identity.renew',
  'app.get',
  'app.answerInvite',
  'app.update',
  'app.draft',
  'contribution.get',
  'logs.recent',
  'api.get',
  'host.get',
  'host.start',
  'host.stop',
  'host.decide',
  'host.load',
  'host.invite',
] as const
export type MethodName = (typeof METHOD_NAMES)[number]

export const EVENT_NAMES = [
  'status',
  'settings',
  'app',
  'log',
  'generate.token',
  'generate.route',
  'generate.end',
  'host',
  'meter',
  'menu',
] as const
export type EventName = (typeof EVENT_NAMES)[number]

/** Who may call: `read` looks, `operate` also starts, stops and generates. */
export type Scope = 'read' | 'operate'

/** Who hears an event: what a generation writes is for those who may generate, not for onlookers. */
export const EVENT_SCOPES = {
  status: 'read',
  settings: 'read',
  app: 'read',
  log: 'read',
  'generate.token': 'operate',
  'generate.route': 'operate',
  'generate.end': 'operate',
  host: 'operate',
  meter: 'operate',
  menu: 'operate',
} as const satisfies Record<EventName, Scope>

export type Reply = { ok: true; value: unknown } | { ok: false; error: { code: string; cause: string; action: string } }

/** One message, either way, is at most this long. Larger ones are refused and counted. */
export const MAX_MESSAGE_BYTES = 256 * 1024
