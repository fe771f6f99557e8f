import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { createHost, type Host } from '../src-main/network/host'
import { PROFILES } from '../src-main/network/profiles'

/** A real libp2p host on 127.0.0.1 with a port of the OS's choice. */
export async function loopbackHost(
  options: { privateKey?: PrivateKey; listens?: boolean; kadProtocol?: string } = {},
): Promise<Host> {
  const listens = options.listens ?? true
  return createHost({
    privateKey: options.privateKey ?? (await generateKeyPair('Ed25519')),
    profile: { ...PROFILES.local, ...(options.kadProtocol && { kadProtocol: options.kadProtocol }) },
    port: listens ? 0 : null,
    kadMode: listens ? 'server' : 'client',
  })
}

export async function connect(from: Host, to: Host): Promise<void> {
  await from.dial(to.getMultiaddrs())
}
