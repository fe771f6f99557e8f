import { hostname, networkInterfaces } from 'node:os'
import type { ApiView } from '../../src-shared/app-views'
import type { Clock, Disposer } from '../../src-shared/clock'
import { isErrorCode, reportOf } from '../../src-shared/errors'
import type { Settings } from '../../src-shared/settings'
import type { ApiNode } from '../api/answer'
import { loadOrCreateApiKey } from '../api/api-key'
import type { ApiServer } from '../api/api-server'
import type { EventLog } from '../storage/event-log'
import type { DemoBounds } from './confine-demo'

/** The API for programs, as the settings want it. */
export interface ProgramApi {
  view(): ApiView
  /** The same, after every change of the settings so far has been followed. */
  settled(): Promise<ApiView>
  dispose(): Promise<void>
}

/** Ports that are tried, from the wished one on. */
const PORTS_TRIED = 10
const EVERYWHERE = '0.0.0.0'

type Wish = Pick<Settings, 'apiAccess' | 'apiPort'>

/** Opens it at once, and again whenever the settings change. What keeps it from opening stands in the view. */
export async function createProgramApi(options: {
  clock: Clock
  log: EventLog
  keyFile: string
  node: () => ApiNode | null
  /** What a demonstration allows. */
  bounds: Pick<DemoBounds, 'apiAccess'>
  settings: { get(): Settings; onChange(listener: (settings: Settings) => void): Disposer }
}): Promise<ProgramApi> {
  const { log, settings } = options
  let server: ApiServer | null = null
  let view: ApiView = { url: null, key: null, error: null }
  let inForce: Wish = { apiAccess: 'off', apiPort: 0 }
  let turn: Promise<void> = Promise.resolve()

  async function apply(wish: Wish): Promise<void> {
    if (wish.apiAccess === inForce.apiAccess && wish.apiPort === inForce.apiPort) return
    inForce = wish
    await server?.close()
    server = null
    view = { url: null, key: null, error: null }
    if (wish.apiAccess === 'off') return
    try {
      const key = await loadOrCreateApiKey(options.keyFile)
      server = await open(wish, key)
      view = { url: urlOf(server.port, wish), key, error: null }
      log.write('info', 'api.open', `programs can ask at ${view.url}`)
    } catch (error) {
      view = { url: null, key: null, error: reportOf(error) }
      log.write('warn', 'api.failed', view.error?.cause ?? '')
    }
  }

  async function open({ apiAccess, apiPort }: Wish, key: string): Promise<ApiServer> {
    const isOnLan = apiAccess === 'lan'
    // Most nodes never open it, and the library behind it takes as long to load as all of zod.
    const { startApiServer } = await import('../api/api-server')
    for (let port = apiPort; ; port++) {
      try {
        return await startApiServer({
          ...{ clock: options.clock, log, node: options.node, key, port },
          ...(isOnLan && { host: EVERYWHERE, hostNames: [...ownAddresses(), hostname(), `${hostname()}.local`] }),
        })
      } catch (error) {
        if (!isErrorCode(error, 'PORT_TAKEN') || port >= apiPort + PORTS_TRIED - 1) throw error
      }
    }
  }

  const change = (wish: Wish) => {
    turn = turn.then(() => apply(wish))
    return turn
  }
  const wishOf = (now: Settings): Wish => ({ apiAccess: options.bounds.apiAccess(now), apiPort: now.apiPort })
  await change(wishOf(settings.get()))
  const stopFollowing = settings.onChange((now) => void change(wishOf(now)))

  return {
    view: () => view,
    settled: () => turn.then(() => view),
    async dispose() {
      stopFollowing()
      await change({ apiAccess: 'off', apiPort: 0 })
    },
  }
}

function urlOf(port: number, { apiAccess }: Wish): string {
  const [address = '127.0.0.1'] = apiAccess === 'lan' ? ownAddresses() : []
  return `http://${address}:${port}/v1`
}

/** IPv4, because that is what we listen on. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((found = []) =>
    found.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address),
  )
}
