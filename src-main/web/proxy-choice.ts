import { isLoopbackHost } from '../coordinator/coordinator-url'

/** The variables that other programs know too, in either case. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>

/**
 * Which proxy an address is reached through; null: none. What the operator has set (`chosen`) comes before
 * HTTPS_PROXY, HTTP_PROXY and ALL_PROXY. This computer is never asked through a proxy, nor what NO_PROXY names: hosts,
 * domains with or without a leading dot, `host:port`, or `*`.
 */
export function proxyFor(url: URL, chosen: string | null, env: ProxyEnvironment): URL | null {
  if (isLoopbackHost(url.hostname) || isExcepted(url, variable(env, 'NO_PROXY') ?? '')) return null
  const named = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const text = chosen ?? variable(env, named) ?? variable(env, 'ALL_PROXY')
  if (text === undefined) return null
  // `proxy.example:3128` is what many systems write.
  const address = text.includes('://') ? text : `http://${text}`
  if (!URL.canParse(address)) return null
  const proxy = new URL(address)
  return /^https?:$/.test(proxy.protocol) ? proxy : null
}

function variable(env: ProxyEnvironment, name: string): string | undefined {
  return env[name.toLowerCase()]?.trim() || env[name]?.trim() || undefined
}

function isExcepted({ hostname, port, protocol }: URL, list: string): boolean {
  const usedPort = port || (protocol === 'https:' ? '443' : '80')
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true
      const [, host = entry, onlyPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? []
      if (onlyPort !== undefined && onlyPort !== usedPort) return false
      const domain = host.replace(/^\*?\./, '')
      return hostname === domain || hostname.endsWith(`.${domain}`)
    })
}
