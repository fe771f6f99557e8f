import * as z from 'zod/mini'

/** What a file is chosen for decides what the system's dialog offers; a page can't word it. */
export const FILE_PURPOSES = ['model', 'certificates', 'identity-backup', 'new-identity-backup'] as const
export type FilePurpose = (typeof FILE_PURPOSES)[number]

const path = z.string().check(z.minLength(1), z.maxLength(4096))

export const FileChoiceSchema = z.strictObject({
  purpose: z.enum(FILE_PURPOSES),
  /** Where the dialog begins. */
  near: z.optional(path),
})
export type FileChoice = z.infer<typeof FileChoiceSchema>

/** Null: nobody chose. */
export const ChosenFileSchema = z.strictObject({ path: z.nullable(path) })
