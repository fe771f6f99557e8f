import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { createHost, type Host } from '../src-main/network/host'
import { type NetworkProfile, PROFILES } from '../src-main/network/profiles'

/** A real libp2p host on 127.0.0.1 with a port of the OS's choice. */
export async function loopbackHost(
  options: {
    privateKey?: PrivateKey
    listens?: boolean
    kadProtocol?: string
    replicas?: NetworkProfile['replicas']
    /** Between many hosts of one process pings are most of what they do, and those that starve end a connection. */
    pingIntervalMs?: number
  } = {},
): Promise<Host> {
  const { listens = true, kadProtocol, replicas, pingIntervalMs } = options
  return createHost({
    privateKey: options.privateKey ?? (await generateKeyPair('Ed25519')),
    profile: { ...PROFILES.local, ...(kadProtocol && { kadProtocol }), ...(replicas && { replicas }) },
    port: listens ? 0 : null,
    kadMode: listens ? 'server' : 'client',
    ...(pingIntervalMs !== undefined && { pingIntervalMs }),
  })
}

export async function connect(from: Host, to: Host): Promise<void> {
  await from.dial(to.getMultiaddrs())
}
