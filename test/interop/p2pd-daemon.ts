import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromMultihash } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import * as Digest from 'multiformats/hashes/digest'
import { openP2pdControl, type P2pdControl } from './p2pd-control'

/** A running daemon of hivemind's, on loopback. */
export interface Daemon {
  readonly control: P2pdControl
  readonly id: Uint8Array
  readonly peer: PeerId
  readonly addresses: Uint8Array[]
  /** With its peer id at the end. */
  readonly multiaddrs: Multiaddr[]
  stop(): Promise<void>
}

/** @param args beside where it listens; by default it serves Kademlia */
export async function startDaemon(program: string, args: readonly string[] = ['-dhtServer=1']): Promise<Daemon> {
  const port = await freePort()
  const fixed = [`-listen=/ip4/127.0.0.1/tcp/${port}`, '-hostAddrs=/ip4/127.0.0.1/tcp/0', '-natPortMap=0']
  const child = spawn(program, [...fixed, ...args], { stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()))
  const control = await openWhenReady(child, port)
  const { id, addresses } = await control.identify()
  const peer = peerIdFromMultihash(Digest.decode(id))
  return {
    control,
    id,
    peer,
    addresses,
    multiaddrs: addresses.map((bytes) => multiaddr(`${multiaddr(bytes)}/p2p/${peer}`)),
    async stop() {
      control.close()
      child.kill()
      await ended
    },
  }
}

async function openWhenReady(child: ChildProcess, port: number): Promise<P2pdControl> {
  for (let tries = 0; ; tries++) {
    try {
      return await openP2pdControl(port)
    } catch (error) {
      if (tries > 200 || child.exitCode !== null) {
        child.kill()
        throw error
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
