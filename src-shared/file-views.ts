import * as z from 'zod/mini'
import { CheckSchema } from './app-views'
import { shownText } from './shown-text'
import { BlockRangeSchema } from './status'

const bytes = z.number()

/** What all models take on this computer's disk, slice by slice. */
export const DiskViewSchema = z.object({
  directory: shownText(4096),
  usedBytes: bytes,
  /** The operator's limit; null: none. */
  capBytes: z.nullable(bytes),
  /** What the disk itself has left. */
  freeBytes: bytes,
  /** What would go if everything went that is not in use. */
  reclaimableBytes: bytes,
  slices: z
    .array(
      z.object({
        /** `<model>/<start>-<end>`, as the folders are called. */
        id: shownText(40),
        /** Null where the manifest beside it is missing or damaged. */
        model: z.nullable(shownText(200)),
        blocks: BlockRangeSchema,
        sizeBytes: bytes,
        isFinished: z.boolean(),
        isInUse: z.boolean(),
        /** Null when nobody knows. */
        usedAt: z.nullable(z.number()),
      }),
    )
    .check(z.maxLength(500)),
})
export type DiskView = z.infer<typeof DiskViewSchema>

/** Models to choose from. */
export const CatalogueViewSchema = z.object({
  models: z
    .array(
      z.object({
        name: shownText(100),
        summary: shownText(300),
        architecture: shownText(40),
        /** Where people read about it; null for what is bundled. */
        page: z.nullable(shownText(500)),
        /** The publisher asks for agreement, and the download for a token. */
        isGated: z.boolean(),
        /** Of what is bundled. Null: the manifest comes from a coordinator that hosts the model. */
        manifest: z.nullable(
          z.object({ root: shownText(64), blockCount: z.int(), sizeBytes: bytes, quantization: shownText(40) }),
        ),
      }),
    )
    .check(z.maxLength(200)),
})
export type CatalogueView = z.infer<typeof CatalogueViewSchema>

export const FOUND_TOKEN_NAMES = ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN'] as const

/**
 * That a token is kept, and how; never the token. `keyring`: sealed by the system's own store. `file`: in a file that
 * only this user can read. `locked`: sealed by a program that has the system's store, which this one has not.
 */
export const TokenViewSchema = z.object({
  isSet: z.boolean(),
  protection: z.nullable(z.enum(['keyring', 'file', 'locked'])),
  /** How one that is entered now will be kept. */
  offered: z.enum(['keyring', 'file']),
  /** A variable of the program's environment that holds one. It is not used before somebody says so. */
  found: z.nullable(z.enum(FOUND_TOKEN_NAMES)),
})
export type TokenView = z.infer<typeof TokenViewSchema>

/** What a token may look like: nothing that could end a header line. */
export const TokenSchema = z.string().check(z.regex(/^[A-Za-z0-9_-]{8,200}$/))

/** How many blocks of a model fit where, with the memory of the conversations, before anything is loaded. */
export const FitViewSchema = z.object({
  /** Null: no model is known yet. */
  model: z.nullable(z.object({ name: shownText(200), blockCount: z.int() })),
  places: z
    .array(
      z.object({
        kind: z.enum(['cpu', 'card']),
        /** As the engine calls it; what the settings choose cards by. */
        name: shownText(200),
        description: shownText(300),
        /** Blocks go here with the settings as they are. */
        isChosen: z.boolean(),
        totalBytes: bytes,
        budgetBytes: bytes,
        /** Null: no model is known, or the driver reports no memory. */
        blocks: z.nullable(z.int()),
      }),
    )
    .check(z.maxLength(32)),
  /** All chosen places together, and what so many blocks need there; null: nothing to reckon with. */
  together: z.nullable(
    z.object({
      blocks: z.int(),
      budgetBytes: bytes,
      /** Of the graphics cards, or what is offered of this computer's memory. */
      where: z.enum(['card', 'memory']),
      weightsBytes: bytes,
      kvBytes: bytes,
      computeBytes: bytes,
      /** What one block needs, two, and so on to all of them (C-47). */
      needBytes: z.array(bytes).check(z.maxLength(1_000)),
    }),
  ),
  /** Why the processor computes although a graphics card was expected (H-41). */
  missedGpu: z.nullable(shownText(300)),
})
export type FitView = z.infer<typeof FitViewSchema>
export type FitTogether = NonNullable<FitView['together']>

/** The runbook's steps, done now; `report` may be given to others. */
export const DiagnosisSchema = z.object({
  checks: z.array(CheckSchema).check(z.maxLength(16)),
  report: shownText(20_000),
  tookMs: z.number(),
})
export type Diagnosis = z.infer<typeof DiagnosisSchema>
