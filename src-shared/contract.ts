import * as z from 'zod/mini'
import { AppViewSchema, SupportBundleSchema } from './app-view'
import { ApiViewSchema, CheckSchema, LogLineSchema, NetworkPreviewSchema, ShardViewSchema } from './app-views'
import { ComputerTimingSchema, ComputerViewSchema, LanViewSchema } from './computer-view'
import type { EventName, MethodName, Scope } from './contract-names'
import { WeekGivenSchema } from './contribution'
import { ERROR_CODES } from './error-catalogue'
import { ChosenFileSchema, FileChoiceSchema } from './file-choice'
import {
  CatalogueViewSchema,
  DiagnosisSchema,
  DiskViewSchema,
  FitViewSchema,
  TokenSchema,
  TokenViewSchema,
} from './file-views'
import { GenerateStartSchema } from './generation'
import { HostDecisionSchema, HostInviteSchema, HostLoadSchema, HostStartSchema, HostStatusSchema } from './host-network'
import { IdentityChangeSchema, IdentityFileSchema, IdentityViewSchema } from './identity-view'
import { MeterEventSchema } from './meter'
import { NetworkTalkSchema } from './network-talk'
import { HopSchema, LostHopSchema, RouteChangeSchema } from './routing-trace'
import { NetworkJoinSchema, SettingsSchema } from './settings'
import { NodeStatusSchema } from './status'

const nothing = z.strictObject({})
const id = z.string().check(z.minLength(1), z.maxLength(64))
const ChangeSchema = z.partial(z.omit(SettingsSchema, { network: true }))

export type { Hop } from './routing-trace'

/**
 * The bridge contract: every call and event, once. Both carriers (WebSocket, ipcMain) validate against it,
 * in both directions, and the renderer derives its types from it.
 */
export const METHODS = {
  'status.get': { scope: 'read', input: nothing, output: NodeStatusSchema },
  'node.start': { scope: 'operate', input: nothing, output: nothing },
  'node.stop': { scope: 'operate', input: nothing, output: nothing },
  /** After a rejection: asks the host to be considered again. */
  'node.reapply': { scope: 'operate', input: nothing, output: nothing },
  /** Fetches, loads and proves the assigned blocks now, after a failure or a cancellation. */
  'node.load': { scope: 'operate', input: nothing, output: nothing },
  'settings.get': { scope: 'read', input: nothing, output: SettingsSchema },
  /**
   * Only the named fields change; what a running node uses takes effect at its next start. `replaces`: what the asker
   * believes to stand in them; where it is something else, nothing is saved (SETTINGS_CHANGED).
   */
  'settings.save': {
    scope: 'operate',
    input: z.extend(ChangeSchema, { replaces: z.optional(ChangeSchema) }),
    output: SettingsSchema,
  },
  /** Asks a coordinator about its network without telling it anything about us. `url`: its address, or an invite link. */
  'network.preview': {
    scope: 'operate',
    input: z.strictObject({ url: z.string().check(z.maxLength(2_000)), insecure: z.optional(z.literal(true)) }),
    output: NetworkPreviewSchema,
  },
  /** Chooses a network and starts the node in it; a running node leaves its old one first. */
  'network.join': { scope: 'operate', input: NetworkJoinSchema, output: nothing },
  /** Stops the node and forgets the choice: the welcome page shows again. */
  'network.leave': { scope: 'operate', input: nothing, output: nothing },
  /** What there is to give; looks for graphics cards, which may take seconds the first time. */
  'computer.get': { scope: 'operate', input: nothing, output: ComputerViewSchema },
  /** Times the sample model with the settings as they are: seconds. A new run ends the one before, with CANCELLED. */
  'computer.time': { scope: 'operate', input: nothing, output: ComputerTimingSchema },
  'computer.stopTiming': { scope: 'operate', input: nothing, output: nothing },
  /** Asks the local network for two seconds which networks are there; tells it nothing. */
  'lan.find': { scope: 'operate', input: nothing, output: LanViewSchema },
  /** Measures what joining a network would change; `meter` events tell the rest. A new run ends the one before. */
  'meter.run': {
    scope: 'operate',
    input: z.strictObject({
      url: z.string().check(z.maxLength(500)),
      insecure: z.optional(z.literal(true)),
      /** What the last run asked of this network counts again, if it is minutes old: only this computer is timed. */
      again: z.optional(z.literal(true)),
    }),
    output: nothing,
  },
  'meter.cancel': { scope: 'operate', input: nothing, output: nothing },
  'shards.get': { scope: 'read', input: nothing, output: z.nullable(ShardViewSchema) },
  /** The runbook's four steps, in under five seconds, and a report that can be shown to others. */
  'shards.diagnose': { scope: 'read', input: nothing, output: DiagnosisSchema },
  /** Keeps what was fetched, and stays so over restarts. */
  'fetch.pause': { scope: 'operate', input: nothing, output: nothing },
  'fetch.resume': { scope: 'operate', input: nothing, output: nothing },
  /** Ends the fetch or load under way until `node.load`; what was fetched is kept. */
  'fetch.cancel': { scope: 'operate', input: nothing, output: nothing },
  /** While the bytes are missing: looks for them no more until LOAD_SHARD or `node.load`. */
  'fetch.await': { scope: 'operate', input: nothing, output: nothing },
  'disk.get': { scope: 'read', input: nothing, output: DiskViewSchema },
  /** Removes these slices and no others; one that is in use is refused. */
  'disk.free': {
    scope: 'operate',
    input: z.strictObject({ ids: z.array(z.string().check(z.maxLength(40))).check(z.maxLength(500)) }),
    output: DiskViewSchema,
  },
  'catalogue.get': { scope: 'read', input: nothing, output: CatalogueViewSchema },
  /** How many blocks fit where; looks for graphics cards, which may take seconds the first time. */
  'fit.get': { scope: 'operate', input: nothing, output: FitViewSchema },
  /** Whether a token for gated models is kept, and how. The token itself never comes back. */
  'token.get': { scope: 'operate', input: nothing, output: TokenViewSchema },
  /** Null forgets it. */
  'token.set': {
    scope: 'operate',
    input: z.strictObject({ token: z.nullable(TokenSchema) }),
    output: TokenViewSchema,
  },
  /** Keeps the token that `token.get` has found in the environment. */
  'token.takeFound': { scope: 'operate', input: nothing, output: TokenViewSchema },
  'diagnostics.run': { scope: 'read', input: nothing, output: z.array(CheckSchema) },
  /** Sets right what a check found, where the app can, and looks again. */
  'diagnostics.mend': {
    scope: 'operate',
    input: z.strictObject({ id: z.string().check(z.maxLength(40)) }),
    output: CheckSchema,
  },
  /** A redacted text for whoever helps, to be read before it goes anywhere. */
  'diagnostics.bundle': {
    scope: 'operate',
    input: z.strictObject({ kind: z.enum(['whole', 'summary']) }),
    output: SupportBundleSchema,
  },
  /** Writes the bundle that was shown, and nothing else, into the data directory. */
  'diagnostics.saveBundle': {
    scope: 'operate',
    input: z.strictObject({ id }),
    output: z.strictObject({ path: z.string().check(z.maxLength(4096)) }),
  },
  /** Null while no node runs. */
  'talk.get': { scope: 'read', input: nothing, output: z.nullable(NetworkTalkSchema) },
  /** libp2p's own words in the log, for 30 minutes. */
  'talk.verbose': {
    scope: 'operate',
    input: z.strictObject({ on: z.boolean() }),
    output: z.nullable(NetworkTalkSchema),
  },
  /** The system's own dialog, in a desktop app. The path is for the operator to see, and for a call that says what to do with it. */
  'files.choose': { scope: 'operate', input: FileChoiceSchema, output: ChosenFileSchema },
  /** Who this node is for others. The key itself never crosses. */
  'identity.get': { scope: 'operate', input: nothing, output: IdentityViewSchema },
  /** Writes a sealed backup on the node's computer, never over another file. */
  'identity.export': {
    scope: 'operate',
    input: IdentityFileSchema,
    output: z.strictObject({ path: z.string().check(z.maxLength(4096)) }),
  },
  /** The three below need a node that is stopped; what was there before is kept beside it. */
  'identity.import': { scope: 'operate', input: IdentityFileSchema, output: IdentityChangeSchema },
  'identity.restoreCopy': { scope: 'operate', input: nothing, output: IdentityChangeSchema },
  'identity.renew': { scope: 'operate', input: nothing, output: IdentityChangeSchema },
  'app.get': { scope: 'read', input: nothing, output: AppViewSchema },
  /** What came as a link is joined only when a person says so here. */
  'app.answerInvite': {
    scope: 'operate',
    input: z.strictObject({ accept: z.boolean(), insecure: z.optional(z.literal(true)) }),
    output: nothing,
  },
  /** Looks for an update, or installs one that is ready. */
  'app.update': { scope: 'operate', input: nothing, output: nothing },
  /** Whether the page holds settings that are not saved: a desktop app asks about them before it quits. */
  'app.draft': { scope: 'operate', input: z.strictObject({ isUnsaved: z.boolean() }), output: nothing },
  /** What this computer gave in the last seven days. */
  'contribution.get': { scope: 'read', input: nothing, output: WeekGivenSchema },
  /** The newest `limit` events, oldest first. */
  'logs.recent': {
    scope: 'read',
    input: z.strictObject({ limit: z.int().check(z.minimum(1), z.maximum(500)) }),
    output: z.array(LogLineSchema),
  },
  'generate.start': {
    scope: 'operate',
    input: GenerateStartSchema,
    output: z.strictObject({ generationId: id }),
  },
  'generate.cancel': { scope: 'operate', input: z.strictObject({ generationId: id }), output: nothing },
  /** Address and key of the API for programs. */
  'api.get': { scope: 'operate', input: nothing, output: ApiViewSchema },
  /** The network that this app hosts; every call below reaches its own coordinator and no other. */
  'host.get': { scope: 'operate', input: nothing, output: HostStatusSchema },
  /** Answers when the coordinator runs; `host` events tell the way there. */
  'host.start': { scope: 'operate', input: HostStartSchema, output: nothing },
  /** Also gives up a start that is under way. */
  'host.stop': { scope: 'operate', input: nothing, output: nothing },
  'host.decide': { scope: 'operate', input: HostDecisionSchema, output: nothing },
  'host.load': { scope: 'operate', input: HostLoadSchema, output: nothing },
  'host.invite': {
    scope: 'operate',
    input: z.strictObject({ label: z.string().check(z.maxLength(80)) }),
    output: HostInviteSchema,
  },
} as const satisfies Record<MethodName, { scope: Scope; input: z.ZodMiniType; output: z.ZodMiniType }>

export const EVENTS = {
  status: NodeStatusSchema,
  settings: SettingsSchema,
  app: AppViewSchema,
  log: z.object({ lines: z.array(LogLineSchema).check(z.maxLength(500)) }),
  'generate.token': z.object({ generationId: id, text: z.string().check(z.maxLength(4096)) }),
  /** Why an answer waits: a node of its route left. */
  'generate.route': z.extend(RouteChangeSchema, { generationId: id }),
  'generate.end': z.object({
    generationId: id,
    /** Null when the answer is complete. */
    error: z.nullable(z.object({ code: z.enum(ERROR_CODES), cause: z.string(), action: z.string() })),
    tokens: z.int(),
    tokensPerSecond: z.nullable(z.number()),
    hops: z.array(HopSchema),
    /** With it the same words come again; absent where none was drawn. */
    seed: z.optional(z.int()),
    /** Nodes that were left in the middle of the answer, which went on elsewhere. */
    lost: z.optional(z.array(LostHopSchema).check(z.maxLength(64))),
  }),
  host: HostStatusSchema,
  meter: MeterEventSchema,
  /** Chosen in the menu of the system, and done by the page. */
  menu: z.object({ item: z.enum(['palette', 'shortcuts']) }),
} as const satisfies Record<EventName, z.ZodMiniType>

export type MethodInput<M extends MethodName> = z.infer<(typeof METHODS)[M]['input']>
export type MethodOutput<M extends MethodName> = z.infer<(typeof METHODS)[M]['output']>
export type EventPayload<E extends EventName> = z.infer<(typeof EVENTS)[E]>

/** What the host implements: one function per method. */
export type MethodHandlers = {
  [M in MethodName]: (input: MethodInput<M>) => Promise<MethodOutput<M>> | MethodOutput<M>
}
