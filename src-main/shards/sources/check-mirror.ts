import { lookup } from 'node:dns/promises'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Clock } from '../../../src-shared/clock'
import { EspalierError, messageOf } from '../../../src-shared/errors'
import { isPublicAddress } from './http-guard'
import { createRangeClient, type HttpOptions } from './http-range'

/** How a mirror is reached, one after the other: each step needs the one before it. */
export const MIRROR_STEPS = ['DNS', 'TCP', 'TLS', 'HTTP'] as const
export type MirrorStepName = (typeof MIRROR_STEPS)[number]

export interface MirrorStep {
  name: MirrorStepName
  ms: number
  /** What was found, or what went wrong. */
  detail: string
  ok: boolean
}

/**
 * Tries to reach a mirror step by step, up to one byte of the file, and ends with the first step that fails (S-20).
 * Never rejects but for the signal.
 */
export async function checkMirror(
  address: string,
  { clock, signal, ...options }: HttpOptions & { clock: Clock; signal: AbortSignal },
): Promise<MirrorStep[]> {
  const url = new URL(address)
  const isSecure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = Number(url.port || (isSecure ? 443 : 80))
  const steps: MirrorStep[] = []
  let ip = host
  let socket: Socket | null = null

  async function run(name: MirrorStepName, look: () => Promise<string>): Promise<boolean> {
    const startedMs = clock.monotonicMs()
    const outcome = await look().then(
      (detail) => ({ ok: true, detail }),
      (error: unknown) => ({ ok: false, detail: messageOf(error) }),
    )
    signal.throwIfAborted()
    steps.push({ name, ms: clock.monotonicMs() - startedMs, ...outcome })
    return outcome.ok
  }

  async function resolve(): Promise<string> {
    const found = isIP(host) ? [{ address: host }] : await lookup(host, { all: true })
    // As a fetch would: names that lead into a private network are not followed.
    const open = found.filter((entry) => options.allowPrivate || isPublicAddress(entry.address))
    const [first] = open
    if (first === undefined) throw new EspalierError('SOURCE_FORBIDDEN', `${host} is on a private network`)
    ip = first.address
    return open.map((entry) => entry.address).join(', ')
  }

  try {
    if (!(await run('DNS', resolve))) return steps
    const dial = () => connected(connect({ host: ip, port }), 'connect', signal)
    const isThere = await run('TCP', async () => {
      socket = await dial()
      return `${ip}, port ${port}`
    })
    if (!isThere || socket === null) return steps
    if (isSecure) {
      const plain: Socket = socket
      const isTrusted = await run('TLS', async () => {
        const tls = connectTls({ socket: plain, servername: isIP(host) ? '' : host })
        await connected(tls, 'secureConnect', signal)
        return `${tls.getProtocol() ?? 'TLS'}, certificate valid until ${tls.getPeerCertificate().valid_to}`
      })
      if (!isTrusted) return steps
    }
    await run('HTTP', async () => {
      const client = createRangeClient(options)
      try {
        const request = { offset: 0, sizeBytes: 1, totalBytes: null }
        const { totalBytes } = await client.read(url, request, () => undefined, signal)
        return `206, a file of ${totalBytes} bytes`
      } finally {
        client.close()
      }
    })
    return steps
  } finally {
    ;(socket as Socket | null)?.destroy()
  }
}

/** Resolves when the socket says so, and destroys it when it fails or nobody waits any more. */
function connected<T extends Socket>(socket: T, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
      reject(error)
    }
    const onAbort = () => fail(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    socket.once('error', fail)
    socket.once('close', () => fail(new EspalierError('PEER_UNREACHABLE', 'the connection was closed')))
    socket.once(event, () => {
      signal.removeEventListener('abort', onAbort)
      resolve(socket)
    })
  })
}
