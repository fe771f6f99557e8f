import type { Agent as HttpAgent } from 'node:http'
import type { Agent as HttpsAgent } from 'node:https'
import { type ProxyEnvironment, proxyFor } from './proxy-choice'
import { createTunnel, type Tunnel } from './tunnel-agent'

export interface WayOutChoice {
  /** The operator's; null leaves it to the environment. */
  proxyUrl: string | null
  /** Every certificate to be trusted, as PEM; null: what Node trusts. */
  certificates: readonly string[] | null
}

/** How this computer gets to the web. Every client asks it for each request, so a change holds for the next one. */
export interface WayOut {
  configure(choice: WayOutChoice): void
  /** What goes into a request's options: `agent` only where a proxy is in the way, `ca` only where some were added. */
  to(url: URL): { agent?: HttpAgent | HttpsAgent; ca?: string[] }
  isProxied(url: URL): boolean
}

export function createWayOut(env: ProxyEnvironment): WayOut {
  let choice: WayOutChoice = { proxyUrl: null, certificates: null }
  let tunnels = new Map<string, Tunnel>()

  const proxyOf = (url: URL) => proxyFor(url, choice.proxyUrl, env)

  function tunnelTo(proxy: URL): Tunnel {
    const known = tunnels.get(proxy.href) ?? createTunnel(proxy, choice.certificates)
    tunnels.set(proxy.href, known)
    return known
  }
  return {
    configure(next) {
      if (next.proxyUrl === choice.proxyUrl && `${next.certificates}` === `${choice.certificates}`) return
      choice = next
      for (const tunnel of tunnels.values()) tunnel.close()
      tunnels = new Map()
    },
    to(url) {
      const proxy = proxyOf(url)
      return {
        ...(proxy && { agent: url.protocol === 'https:' ? tunnelTo(proxy).https : tunnelTo(proxy).http }),
        ...(choice.certificates && { ca: [...choice.certificates] }),
      }
    },
    isProxied: (url) => proxyOf(url) !== null,
  }
}

/** Of this process: there is one way out of a computer, as there is one list of routes. */
export const wayOut: WayOut = createWayOut(process.env)
