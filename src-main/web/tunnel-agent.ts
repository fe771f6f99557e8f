import { type ClientRequest, Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls'
import { EspalierError, messageOf } from '../../src-shared/errors'

const PATIENCE_MS = 20_000

export interface Tunnel {
  readonly http: HttpAgent
  readonly https: HttpsAgent
  close(): void
}

type Opened = (error: Error | null, socket: Socket) => void
interface Target extends ConnectionOptions {
  host?: string
  port?: number
}

/**
 * Agents whose connections go through a proxy by CONNECT (RFC 9110 §9.3.6), plain ones too: so the proxy sees no more
 * than host and port of anything. It looks the name up, and no certificate but the target's own is believed after it.
 * `ca` is for a proxy that is itself reached by https.
 */
export function createTunnel(proxy: URL, ca: readonly string[] | null): Tunnel {
  const options = { keepAlive: true, timeout: PATIENCE_MS }
  class PlainTunnel extends HttpAgent {
    override createConnection(target: object, opened?: Opened): undefined {
      void openTunnel(proxy, ca, target).then(
        (socket) => opened?.(null, socket),
        (error: Error) => opened?.(error, undefined as never),
      )
    }
  }
  class SecureTunnel extends HttpsAgent {
    override createConnection(target: object, opened?: Opened): undefined {
      const { host = '', servername, ...others }: Target = target
      const name = servername || (isIP(host) ? '' : host)
      void openTunnel(proxy, ca, target).then(
        (socket) => opened?.(null, tlsConnect({ ...others, socket, ...(name && { servername: name }) })),
        (error: Error) => opened?.(error, undefined as never),
      )
    }
  }
  const agents = { http: new PlainTunnel(options), https: new SecureTunnel(options) }
  return {
    ...agents,
    close() {
      agents.http.destroy()
      agents.https.destroy()
    },
  }
}

/** Throws PROXY_FAILED. */
function openTunnel(proxy: URL, ca: readonly string[] | null, { host = '', port = 443 }: Target): Promise<Socket> {
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const login = proxy.username && Buffer.from(`${plain(proxy.username)}:${plain(proxy.password)}`).toString('base64')
  const failed = (why: string) => new EspalierError('PROXY_FAILED', `${proxy.host} for ${authority}: ${why}`)
  return new Promise((resolve, reject) => {
    const asked: ClientRequest = (proxy.protocol === 'https:' ? httpsRequest : httpRequest)({
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...(login && { 'proxy-authorization': `Basic ${login}` }) },
      agent: false,
      timeout: PATIENCE_MS,
      ...(ca && { ca: [...ca] }),
    })
    asked.on('connect', ({ statusCode }, socket, head) => {
      if (statusCode !== 200) {
        socket.destroy()
        return reject(failed(statusCode === 407 ? 'it wants a name and a password' : `it answers ${statusCode}`))
      }
      socket.setTimeout(0)
      if (head.length > 0) socket.unshift(head)
      resolve(socket)
    })
    asked.on('response', (answer) => {
      answer.destroy()
      reject(failed(`it answers ${answer.statusCode}`))
    })
    asked.on('timeout', () => asked.destroy(new Error('no answer in time')))
    asked.on('error', (error) => reject(failed(messageOf(error))))
    asked.end()
  })
}

function plain(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
