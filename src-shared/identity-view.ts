import * as z from 'zod/mini'

const text = (max: number) => z.string().check(z.maxLength(max))
const path = text(4096).check(z.minLength(1))

/** Shorter ones are tried out in a day by whoever finds the file. */
export const MIN_PASSPHRASE_CHARS = 12
const passphrase = text(1_000).check(z.minLength(MIN_PASSPHRASE_CHARS))

/** What may be known of the identity outside the process that holds it: never the key. */
export const IdentityViewSchema = z.object({
  /** `damaged`: it can't be read or is gone, and nothing is done about it without being asked. */
  state: z.enum(['none', 'whole', 'damaged']),
  peerId: z.nullable(text(120)),
  /** Of the copy beside it, where that one is whole. */
  copyPeerId: z.nullable(text(120)),
  /** What is wrong with it; empty otherwise. */
  problem: text(600),
  /** Where a backup would go, unless somebody says otherwise. */
  suggestedPath: path,
})
export type IdentityView = z.infer<typeof IdentityViewSchema>

/** A file on the node's computer, and the words that seal it. */
export const IdentityFileSchema = z.strictObject({ path, passphrase })

export const IdentityChangeSchema = z.object({
  identity: IdentityViewSchema,
  /** Where the identity of before was kept; null when there was none. */
  keptAt: z.nullable(path),
})
export type IdentityChange = z.infer<typeof IdentityChangeSchema>
