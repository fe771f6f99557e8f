import type { Disposer } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'
import type { Settings } from '../../src-shared/settings'
import type { EventLog } from '../storage/event-log'
import { readTrusted } from '../web/trusted-certificates'
import type { WayOut } from '../web/way-out'
import type { SettingsStore } from './settings-store'

/**
 * Carries proxy and certificates from the settings to every client of the web, now and after each change. A file of
 * certificates that can't be read any more is told in the log; connections that need it then fail, and say so.
 */
export async function followWayOut(
  settings: Pick<SettingsStore, 'get' | 'onChange'>,
  way: WayOut,
  log: Pick<EventLog, 'write'>,
): Promise<Disposer> {
  let newest = 0

  async function apply({ proxyUrl, caFile }: Settings): Promise<void> {
    const turn = ++newest
    const certificates =
      caFile === null
        ? null
        : await readTrusted(caFile).catch((error: unknown) => {
            log.write('warn', 'web.certificates.failed', messageOf(error))
            return null
          })
    if (turn === newest) way.configure({ proxyUrl, certificates })
  }
  await apply(settings.get())
  const stop = settings.onChange((now) => void apply(now))
  return () => {
    stop()
    newest++
    way.configure({ proxyUrl: null, certificates: null })
  }
}
