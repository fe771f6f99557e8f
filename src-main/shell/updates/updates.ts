import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { UpdateView } from '../../../src-shared/app-view'
import type { Clock, Disposer } from '../../../src-shared/clock'
import { isErrorCode, messageOf } from '../../../src-shared/errors'
import type { Updates } from '../../app/desktop-services'
import type { EventLog } from '../../storage/event-log'
import { compareVersions, MAX_SIGNED_BYTES, type Release, readSignedRelease, refused } from './signed-release'

/** What fetches and installs; electron-updater in the app. */
export interface UpdateEngine {
  /** The version that its own feed names. */
  find(): Promise<string | null>
  /** Resolves to the downloaded file. */
  download(): Promise<string>
  install(): void
}

/** Where releases are, and whose signature counts; put into package.json when the app is built. */
export interface UpdateFeed {
  url: string
  publicKey: string
}

export interface UpdatesOptions {
  clock: Clock
  log: Pick<EventLog, 'write'>
  way: UpdateView['way']
  /** Null: this build takes no updates. */
  feed: UpdateFeed | null
  version: string
  platform: NodeJS.Platform
  arch: string
  fetch: typeof fetch
  /** Only where the way is automatic. */
  engine: (() => Promise<UpdateEngine>) | null
  /** Takes leave of the network before the app ends. */
  beforeInstall(): Promise<void>
}

const FIRST_LOOK_MS = 60_000
const LOOK_INTERVAL_MS = 24 * 60 * 60_000

/**
 * Looks once a day. Whatever electron-updater checks, a file is installed only when a statement signed with our own
 * key names its version, system and hash (D-T31); everything else is refused, said, and the app goes on.
 */
export function createUpdates(options: UpdatesOptions): Updates & { dispose: Disposer } {
  const { clock, log, feed, version } = options
  const way = feed === null ? 'none' : options.way
  const listeners = new Set<(view: UpdateView) => void>()
  let view: UpdateView = { way, state: 'idle', version: null, note: '', checkedAt: null }
  let ready: { release: Release; file: string; engine: UpdateEngine } | null = null
  let working: Promise<void> | null = null

  function show(fields: Partial<UpdateView>): void {
    view = { ...view, note: '', ...fields }
    for (const listener of listeners) listener(view)
  }

  async function look(): Promise<void> {
    if (feed === null) return
    ready = null
    show({ state: 'checking', version: null })
    const release = readSignedRelease(await statementOf(feed.url, options), {
      publicKey: feed.publicKey,
      platform: options.platform,
      arch: options.arch,
      currentVersion: version,
      now: clock.now(),
    })
    const checkedAt = clock.now()
    if (compareVersions(release.version, version) === 0) return show({ state: 'current', checkedAt })
    if (way === 'manual' || options.engine === null) {
      const note = 'This installation is updated by its package manager, or by hand from the app’s page.'
      return show({ state: 'available', version: release.version, note, checkedAt })
    }
    show({ state: 'downloading', version: release.version, checkedAt })
    const engine = await options.engine()
    const found = await engine.find()
    if (found !== release.version)
      throw refused(`the server offers ${found ?? 'nothing'}, and ${release.version} was signed`)
    const file = await engine.download()
    await demandFile(file, release)
    ready = { release, file, engine }
    show({ state: 'ready', version: release.version })
  }

  async function install({ release, file, engine }: NonNullable<typeof ready>): Promise<void> {
    // Again: it has lain on the disk since.
    await demandFile(file, release)
    log.write('info', 'update.install', `version ${release.version} is installed`)
    await options.beforeInstall()
    engine.install()
  }

  async function work(): Promise<void> {
    try {
      await (ready ? install(ready) : look())
    } catch (error) {
      ready = null
      const isRefused = isErrorCode(error, 'UPDATE_REFUSED')
      log.write(isRefused ? 'error' : 'warn', isRefused ? 'update.refused' : 'update.failed', messageOf(error))
      const note = isRefused ? `${messageOf(error)}. Nothing was installed.` : `Could not look: ${messageOf(error)}`
      show({ state: isRefused ? 'refused' : 'failed', note: note.slice(0, 400), checkedAt: clock.now() })
    }
  }

  function press(): Promise<void> {
    working ??= work().finally(() => {
      working = null
    })
    return working
  }

  const disposers: Disposer[] = []
  if (way !== 'none') {
    const lookAgain = () => {
      // One that is ready waits for its owner.
      if (!ready) void press()
    }
    disposers.push(clock.after(FIRST_LOOK_MS, lookAgain), clock.every(LOOK_INTERVAL_MS, lookAgain))
  }
  return {
    view: () => view,
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    press,
    dispose() {
      for (const dispose of disposers) dispose()
    },
  }
}

async function statementOf(url: string, { fetch, platform, arch }: UpdatesOptions): Promise<string> {
  const address = `${url.replace(/\/+$/, '')}/release-${platform}-${arch}.json`
  if (!address.startsWith('https://')) throw refused('its address is not https')
  const response = await fetch(address, { redirect: 'error', credentials: 'omit', signal: AbortSignal.timeout(20_000) })
  if (!response.ok) throw new Error(`HTTP ${response.status} from the server of updates`)
  const text = await response.text()
  return text.slice(0, MAX_SIGNED_BYTES + 1)
}

/** Throws UPDATE_REFUSED for a file that is not the signed one. */
async function demandFile(path: string, { sizeBytes, sha512 }: Release): Promise<void> {
  const found = await stat(path).catch(() => null)
  if (found?.size !== sizeBytes) throw refused('the file is not of the size that was signed')
  const hash = createHash('sha512')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  if (hash.digest('hex') !== sha512) throw refused('the file is not the one that was signed')
}
