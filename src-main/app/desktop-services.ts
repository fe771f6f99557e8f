import type { UpdateView } from '../../src-shared/app-view'
import type { Disposer } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import type { FileChoice } from '../../src-shared/file-choice'
import type { EventLog } from '../storage/event-log'
import type { AppViewBook } from './app-view-book'
import type { DesktopSenses } from './owner/sensors'
import type { SettingsStore } from './settings-store'

/** Whether the system starts the app at log-in; asked of the system itself each time. */
export interface Autostart {
  isOn(): Promise<boolean>
  set(isOn: boolean): Promise<void>
}

export interface Updates {
  view(): UpdateView
  onChange(listener: (view: UpdateView) => void): Disposer
  /** Looks for an update, or installs the one that is ready. */
  press(): Promise<void>
}

/** What a desktop shell can do, and a headless program cannot. */
export interface DesktopServices {
  senses: DesktopSenses
  /** Null where this system has no way. */
  autostart: Autostart | null
  updates: Updates
  /** The page holds settings that are not saved, or no longer. */
  noteDraft(isUnsaved: boolean): void
  /** Asks in a dialog of the system; null when nobody chose. */
  chooseFile(choice: FileChoice): Promise<string | null>
}

/** Carries the owner's wishes to the system, and what the system says into the app's view. */
export function attachDesktop(
  { autostart, updates }: DesktopServices,
  settings: SettingsStore,
  view: AppViewBook,
  log: Pick<EventLog, 'write'>,
): Disposer {
  let wished: boolean | null = null

  async function arrange(): Promise<void> {
    if (!autostart) return
    const { startsAtLogin } = settings.get()
    if (startsAtLogin === wished) return
    // At the start only looked at: an entry that somebody removed by hand is not put back.
    if (wished !== null) await autostart.set(startsAtLogin)
    wished = startsAtLogin
    view.change({ startsAtLogin: await autostart.isOn() })
  }
  const tryToArrange = () =>
    void arrange().catch((error: unknown) => log.write('warn', 'autostart.failed', messageOf(error)))

  tryToArrange()
  view.change({ update: updates.view(), choosesFiles: true })
  const disposers = [settings.onChange(tryToArrange), updates.onChange((update) => view.change({ update }))]
  return () => {
    for (const dispose of disposers) dispose()
  }
}
