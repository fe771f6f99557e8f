import { EspalierError } from '../../src-shared/errors'
import type { FileChoice, FilePurpose } from '../../src-shared/file-choice'

/**
 * Files that a person has named in the system's own dialog, which a script in a page cannot do. Where there is no
 * dialog (a headless host), paths are typed, by whoever has the operator's link.
 */
export function createFileDesk(ask: ((choice: FileChoice) => Promise<string | null>) | null) {
  const chosen = new Map<FilePurpose, string>()
  return {
    async choose(choice: FileChoice): Promise<{ path: string | null }> {
      const path = (await ask?.(choice)) ?? null
      if (path !== null) chosen.set(choice.purpose, path)
      return { path }
    },
    /** Throws FILE_NOT_CHOSEN when the dialog has not named `path` for this purpose. */
    check(purpose: FilePurpose, path: string): void {
      if (ask && chosen.get(purpose) !== path) throw new EspalierError('FILE_NOT_CHOSEN', path)
    },
  }
}
