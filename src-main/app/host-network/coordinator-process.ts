import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import { ERROR_CODES } from '../../../src-shared/error-catalogue'
import { type ErrorReport, EspalierError, isErrorCode, messageOf } from '../../../src-shared/errors'
import type { HostReach } from '../../../src-shared/host-network'
import { startDemoProcess } from '../../demo/demo-process'
import { freePort } from '../../network/host'
import type { ChildExit, ChildOptions, OwnedChild } from '../../process/owned-child'

export interface CoordinatorProcess {
  /** As this computer reaches it. */
  readonly ownUrl: string
  /** As others do. */
  readonly url: string
  readonly exited: Promise<ChildExit>
  stop(): Promise<void>
}

export interface CoordinatorProcessOptions {
  script: string
  dataDirectory: string
  manifestPath: string
  adminToken: string
  reach: HostReach
  /** Where to begin looking for free ones; 0 leaves it to the OS. */
  ports: { http: number; dht: number }
  startScript: (options: ChildOptions) => OwnedChild
  signal: AbortSignal
}

const ReadySchema = z.object({ type: z.literal('ready'), url: z.string() })
const FailedSchema = z.object({
  type: z.literal('error'),
  error: z.object({ code: z.enum(ERROR_CODES), cause: z.string(), action: z.string() }),
})

/** Starts the coordinator as a process of our own. Throws HOST_FAILED with its reason, PORT_TAKEN, and CANCELLED. */
export async function startCoordinatorProcess(options: CoordinatorProcessOptions): Promise<CoordinatorProcess> {
  const { reach, ports, signal } = options
  const shared = reach === 'network' ? localNetworkAddress() : '127.0.0.1'
  // Others may have been told the usual one, so the next one is second best, and better than nothing (H-17).
  const httpPort = await freePort(ports.http)
  const args = ['--json', '--data-dir', options.dataDirectory, '--manifest', options.manifestPath]
  args.push('--port', String(httpPort), '--dht-port', String(ports.dht))
  // On a local network there is no certificate to be had; whoever chose this reach was told what that means.
  if (reach === 'network') {
    args.push('--host', '0.0.0.0', '--insecure-http')
    if (httpPort !== 0) args.push('--public-url', `http://${shared}:${httpPort}`)
  }
  let failure: ErrorReport | null = null
  const process = startDemoProcess({
    name: 'the coordinator',
    script: options.script,
    args,
    env: { ESPALIER_ADMIN_TOKEN: options.adminToken },
    cwd: join(options.dataDirectory, '..'),
    startScript: options.startScript,
  })
  process.onMessage((message) => {
    failure = FailedSchema.safeParse(message).data?.error ?? failure
  })
  try {
    const { url } = await process.next((message) => ReadySchema.safeParse(message).data, signal)
    const { port } = new URL(url)
    return {
      ownUrl: `http://127.0.0.1:${port}/`,
      url: `http://${shared}:${port}`,
      exited: process.child.exited,
      stop: process.stop,
    }
  } catch (error) {
    await process.stop()
    if (signal.aborted || isErrorCode(error, 'CANCELLED'))
      throw new EspalierError('CANCELLED', undefined, { cause: error })
    throw new EspalierError('HOST_FAILED', reasonOf(failure) ?? messageOf(error), { cause: error })
  }
}

function reasonOf(failure: ErrorReport | null): string | null {
  return failure && `${failure.cause}. ${failure.action} (${failure.code})`
}

/** The first address of ours that others on the local network can use. Throws HOST_FAILED when there is none. */
function localNetworkAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  const found = addresses.find(({ family, internal }) => family === 'IPv4' && !internal)
  if (!found) throw new EspalierError('HOST_FAILED', 'this computer is in no network')
  return found.address
}
