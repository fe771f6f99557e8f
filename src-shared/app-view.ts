import * as z from 'zod/mini'
import { shownText, shownTime } from './shown-text'

const epochMs = shownTime()

/** The parts of a connection that fail on their own (H-28). */
export const LIGHT_IDS = ['internet', 'lan', 'discovery', 'coordinator', 'bootstrap', 'relay'] as const
export type LightId = (typeof LIGHT_IDS)[number]

export const LightSchema = z.object({
  id: z.enum(LIGHT_IDS),
  /** `unknown`: nothing was there to ask, for the reason in `evidence`. */
  state: z.enum(['up', 'down', 'unknown']),
  /** Who answered, or what did not. */
  evidence: shownText(300),
  /** It went up and down too often to be believed at once: the shown state waits until one holds. */
  isUnsteady: z.boolean(),
  /** Since when it is so. */
  since: epochMs,
  at: epochMs,
})
export type Light = z.infer<typeof LightSchema>

/** Why the node rests for its owner (D-T34). */
export const PAUSE_REASONS = ['battery', 'metered', 'full-screen', 'user-active', 'quiet-hours'] as const
export type PauseReason = (typeof PAUSE_REASONS)[number]

export const UpdateViewSchema = z.object({
  /** `manual`: this installation is updated by its package manager or by hand; the app only tells. */
  way: z.enum(['automatic', 'manual', 'none']),
  state: z.enum(['idle', 'checking', 'current', 'available', 'downloading', 'ready', 'refused', 'failed']),
  version: z.nullable(shownText(40)),
  /** Why it was refused or failed, or what to do; empty otherwise. */
  note: shownText(400),
  checkedAt: z.nullable(epochMs),
})
export type UpdateView = z.infer<typeof UpdateViewSchema>

/** What the disk has not taken. It is in memory, and the app goes on trying (H-02). */
export const UnsavedSchema = z.object({
  file: shownText(80),
  cause: shownText(300),
  /** Attempts that failed. */
  count: z.int(),
  since: epochMs,
})
export type Unsaved = z.infer<typeof UnsavedSchema>

/** About the app itself, beside the node: what it runs in, what it can reach, and what waits for its owner. */
export const AppViewSchema = z.object({
  version: shownText(40),
  host: z.enum(['desktop', 'headless']),
  platform: shownText(40),
  lights: z.array(LightSchema).check(z.maxLength(LIGHT_IDS.length)),
  /** Why the node rests; empty when it does not. */
  pausedFor: z.array(z.enum(PAUSE_REASONS)).check(z.maxLength(PAUSE_REASONS.length)),
  /** Which of the reasons this system can tell at all; settings offer no others. */
  canPauseFor: z.array(z.enum(PAUSE_REASONS)).check(z.maxLength(PAUSE_REASONS.length)),
  /** Whether the system starts the app at log-in, as it stands there; null where the app cannot arrange it. */
  startsAtLogin: z.nullable(z.boolean()),
  update: UpdateViewSchema,
  /** Whether `files.choose` opens a dialog of the system; elsewhere paths are typed. */
  choosesFiles: z.boolean(),
  /** Empty when everything is on the disk. */
  unsaved: z.array(UnsavedSchema).check(z.maxLength(20)),
  /** An invite that somebody opened as a link, until it is answered. The signed part stays with the app. */
  invite: z.nullable(
    z.object({
      coordinatorUrl: shownText(500),
      networkId: shownText(200),
      expiresAt: epochMs,
      /** It leads over plain http to another computer: joining needs a word of consent. */
      isInsecure: z.boolean(),
    }),
  ),
})
export type AppView = z.infer<typeof AppViewSchema>

/** A text for whoever helps, as it would leave; `takenOut` says what is not in it. */
export const SupportBundleSchema = z.object({
  id: shownText(40),
  text: shownText(150_000),
  takenOut: z.array(z.object({ what: shownText(40), count: z.int() })).check(z.maxLength(40)),
})
export type SupportBundle = z.infer<typeof SupportBundleSchema>
