import * as z from 'zod/mini'
import { SnapshotSchema } from '../src-dashboard/feed'
import { ERROR_CODES } from './error-catalogue'
import { QrPictureSchema } from './qr-picture'
import { shownText } from './shown-text'

/** Who can reach a hosted network: programs on this computer, or everybody on the local network. */
export const HOST_REACHES = ['computer', 'network'] as const
export type HostReach = (typeof HOST_REACHES)[number]

/** Rows beyond these stay on the coordinator's dashboard: a message of the bridge is small. */
export const HOST_MAX_WORKERS = 200

/** The network that this app hosts, if it hosts one. Only for whoever operates it: worker ids are whole. */
export const HostStatusSchema = z.object({
  phase: z.enum(['off', 'preparing', 'starting', 'running', 'stopping']),
  modelPath: z.nullable(shownText(4_096)),
  reach: z.enum(HOST_REACHES),
  /** Of `preparing`: bytes of the model file that were hashed; null while the test prompt runs. */
  progress: z.nullable(z.object({ done: z.number(), total: z.number() })),
  /** When the phase began, epoch ms. */
  since: z.number(),
  /** What others enter to join; null before it runs. */
  url: z.nullable(shownText(500)),
  dashboardUrl: z.nullable(shownText(500)),
  /** What the coordinator says about its network; null before it has said anything. */
  network: z.nullable(SnapshotSchema),
  /** Of all workers, also of those that are not listed in `network`. */
  workerCount: z.int(),
  /** Nobody asked for it now: it was on when the app was left. */
  isResumed: z.boolean(),
  failure: z.nullable(z.object({ code: z.enum(ERROR_CODES), cause: shownText(4_000), action: shownText(1_000) })),
})
export type HostStatus = z.infer<typeof HostStatusSchema>

export const HostInviteSchema = z.object({
  label: shownText(200),
  link: shownText(4_000),
  /** The link as a QR code. */
  picture: z.nullable(QrPictureSchema),
  expiresAt: z.number(),
})
export type HostInvite = z.infer<typeof HostInviteSchema>

export const HostStartSchema = z.strictObject({
  modelPath: z.string().check(z.minLength(1), z.maxLength(4_096)),
  reach: z.enum(HOST_REACHES),
})
export type HostChoice = z.infer<typeof HostStartSchema>

export const HostDecisionSchema = z.strictObject({
  workerId: z.string().check(z.minLength(1), z.maxLength(80)),
  decision: z.enum(['approve', 'reject']),
  reason: z.string().check(z.maxLength(300)),
})

/** LOAD_SHARD to a worker of the hosted network, once more, or taken back. */
export const HostLoadSchema = z.strictObject({
  workerId: z.string().check(z.minLength(1), z.maxLength(80)),
  action: z.enum(['send', 'cancel']),
})
export type HostLoad = z.infer<typeof HostLoadSchema>
