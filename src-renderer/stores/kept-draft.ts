import * as z from 'zod/mini'
import { FIELD_NAMES } from '../settings-form'

const text = z.string().check(z.maxLength(10_000))
const EditSchema = z.strictObject({ name: z.enum(FIELD_NAMES), text, over: text })

/** One field that somebody typed into: what was typed, and what was saved when it was begun. */
export type Edit = z.infer<typeof EditSchema>

const KeptSchema = z.array(EditSchema).check(z.maxLength(FIELD_NAMES.length))

/** Where a draft outlives a page that is loaded anew. */
export interface DraftPlace {
  read(): readonly Edit[]
  write(edits: readonly Edit[]): void
}

const KEY = 'espalier.settings-draft'

/** The tab's own memory, which ends with the tab; two tabs keep two drafts. */
export function draftInTab(page: Pick<Window, 'sessionStorage'>): DraftPlace {
  return {
    read() {
      try {
        return KeptSchema.parse(JSON.parse(page.sessionStorage.getItem(KEY) ?? '[]'))
      } catch {
        return []
      }
    },
    write(edits) {
      try {
        if (edits.length > 0) page.sessionStorage.setItem(KEY, JSON.stringify(edits))
        else page.sessionStorage.removeItem(KEY)
      } catch {
        // Its memory is full or forbidden; the question before leaving is left.
      }
    },
  }
}

/** For a page that keeps nothing. */
export const NO_PLACE: DraftPlace = { read: () => [], write: () => undefined }
