import * as z from 'zod/mini'
import { shownText, shownTime } from './shown-text'

const bytes = z.number()

/** What this computer has, as its system, its drivers and its disk report it: what limits on a page stand on. */
export const ComputerViewSchema = z.object({
  processor: shownText(200),
  cores: z.int(),
  memoryBytes: bytes,
  /** What is used where the settings leave it open. */
  usual: z.object({ threads: z.int(), memoryBytes: bytes }),
  cards: z
    .array(
      z.object({
        description: shownText(300),
        /** 0 where the driver does not say. */
        totalBytes: bytes,
        freeBytes: bytes,
        /** Blocks would be computed here. */
        isChosen: z.boolean(),
      }),
    )
    .check(z.maxLength(32)),
  /** Why the processor computes although a graphics card was expected (H-41). */
  missedGpu: z.nullable(shownText(300)),
  /** Where models lie, what they take there now, and what is left beside them. */
  disk: z.object({ directory: shownText(4096), usedBytes: bytes, freeBytes: bytes }),
})
export type ComputerView = z.infer<typeof ComputerViewSchema>

/** Single tokens through the whole sample model on this computer, timed. It compares settings, not networks. */
export const ComputerTimingSchema = z.object({
  modelName: shownText(200),
  sizeBytes: bytes,
  tokensPerSecond: z.number(),
  threads: z.int(),
  at: shownTime(),
})
export type ComputerTiming = z.infer<typeof ComputerTimingSchema>

/** Networks whose coordinators answered on the local network. Nobody vouches for what they say of themselves. */
export const LanViewSchema = z.object({
  networks: z
    .array(
      z.object({
        /** Of the computer that answered; whatever else it said about its address is not believed. */
        url: shownText(200),
        /** The model that it says it hosts; null: it said none. */
        modelName: z.nullable(shownText(60)),
        /** It is this computer that answered. */
        isOwn: z.boolean(),
      }),
    )
    .check(z.maxLength(20)),
  /** Why nothing could be found here at all. */
  trouble: z.nullable(shownText(400)),
})
export type LanView = z.infer<typeof LanViewSchema>
