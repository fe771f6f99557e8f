import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { SupportBundle } from '../../src-shared/app-view'
import type { Check } from '../../src-shared/app-views'
import { type Clock, isoTime } from '../../src-shared/clock'
import type { MethodHandlers } from '../../src-shared/contract'
import { EspalierError } from '../../src-shared/errors'
import type { Settings } from '../../src-shared/settings'
import type { NodeStatus } from '../../src-shared/status'
import type { DiagnosticsContext } from '../diagnostics/check'
import { mendCheck, runDiagnostics } from '../diagnostics/diagnostics'
import { type BundleSources, makeBundle, summaryOf } from '../diagnostics/support/bundle'
import { knownSecrets } from '../diagnostics/support/known-secrets'
import { createRedactor } from '../diagnostics/support/redact'
import { namesOfOthers, settingsSecrets } from '../diagnostics/support/settings-secrets'
import { writeFileAtomic } from '../storage/atomic-file'
import type { DataDirectory } from '../storage/data-directory'
import { writing } from '../storage/write-error'
import type { AppViewBook } from './app-view-book'
import type { LogBook } from './log-book'

type Names = 'diagnostics.run' | 'diagnostics.mend' | 'diagnostics.bundle' | 'diagnostics.saveBundle'

/** Log lines that a bundle may hold; fewer when they would not fit into one message. */
const LOG_LINES = 500

/** The checks, what sets them right, and the texts that leave this computer, but only by its owner's hand. */
export function createDiagnosing(options: {
  clock: Clock
  data: DataDirectory
  context: () => DiagnosticsContext
  status: () => NodeStatus
  settings: () => Settings
  view: AppViewBook
  log: Pick<LogBook, 'recent'>
}): Pick<MethodHandlers, Names> {
  const { clock, data, context } = options
  let running: Promise<Check[]> | null = null
  /** Only what somebody has seen may be written. */
  let shown: SupportBundle | null = null

  /** A second page that asks meanwhile gets the same answer. */
  function run(): Promise<Check[]> {
    running ??= runDiagnostics(context()).finally(() => {
      running = null
    })
    return running
  }

  async function sources(): Promise<BundleSources> {
    return {
      now: clock.now(),
      app: options.view.get(),
      runtime: `Node ${process.version}`,
      status: options.status(),
      settings: options.settings(),
      checks: await run(),
      logLines: options.log.recent(LOG_LINES),
    }
  }

  return {
    'diagnostics.run': run,
    'diagnostics.mend': ({ id }) => mendCheck(id, context()),
    async 'diagnostics.bundle'({ kind }) {
      const found = await sources()
      const redactor = createRedactor([
        ...(await knownSecrets(data, found.settings.publicName)),
        ...settingsSecrets(found.settings),
        ...namesOfOthers(found.status),
      ])
      const made =
        kind === 'whole'
          ? makeBundle(found, redactor)
          : { text: summaryOf(found, redactor), takenOut: redactor.takenOut() }
      const bundle: SupportBundle = { id: randomUUID(), ...made }
      if (kind === 'whole') shown = bundle
      return bundle
    },
    async 'diagnostics.saveBundle'({ id }) {
      if (shown?.id !== id) throw new EspalierError('BAD_ARGUMENT', 'this bundle was not shown last; make it again')
      const { text } = shown
      const folder = join(data.root, 'support')
      const stamp = isoTime(clock.now()).replace(/[:.]/g, '-')
      const path = join(folder, `espalier-support-${stamp}.txt`)
      await writing('FILE_NOT_WRITTEN', async () => {
        await mkdir(folder, { recursive: true, mode: 0o700 })
        await writeFileAtomic(path, text)
      })
      return { path }
    },
  }
}
