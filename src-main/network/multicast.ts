import { randomBytes } from 'node:crypto'
import { createSocket as createUdpSocket, type Socket } from 'node:dgram'
import { readFile, stat } from 'node:fs/promises'
import type { Clock } from '../../src-shared/clock'
import { messageOf } from '../../src-shared/errors'

/** The group and port of multicast DNS (RFC 6762 §3). */
const GROUP = '224.0.0.251'
const PORT = 5_353
const PATIENCE_MS = 2_000

export interface MulticastOptions {
  clock: Clock
  /** For tests. */
  createSocket?: () => Socket
  port?: number
}

/**
 * Whether this system lets a program speak to the group that LAN discovery uses: joins it, asks it for a name that
 * nobody has, and waits for its own question to come back. Null when it did; otherwise why not. Never rejects.
 */
export async function whyNoMulticast(options: MulticastOptions): Promise<string | null> {
  const { clock, port = PORT, createSocket = () => createUdpSocket({ type: 'udp4', reuseAddr: true }) } = options
  let socket: Socket
  try {
    socket = createSocket()
  } catch (error) {
    return messageOf(error)
  }
  const question = questionFor(`${randomBytes(8).toString('hex')}._esp-probe`)
  try {
    return await new Promise<string | null>((resolve) => {
      const failed = (error: Error) => resolve(messageOf(error))
      const cancel = clock.after(PATIENCE_MS, () => resolve('what is sent to the group does not come back'))
      socket.on('close', cancel)
      socket.on('error', failed)
      socket.on('message', (bytes) => question.equals(bytes) && resolve(null))
      socket.bind(port, () => {
        try {
          socket.addMembership(GROUP)
          socket.setMulticastLoopback(true)
          socket.setMulticastTTL(1)
          socket.send(question, port, GROUP, (error) => error && failed(error))
        } catch (error) {
          failed(error instanceof Error ? error : new Error(String(error)))
        }
      })
    })
  } finally {
    socket.close()
  }
}

/** A multicast DNS question (RFC 1035 §4.1): PTR, IN, for `name` below `local`. */
function questionFor(name: string): Buffer {
  const labels = [...name.split('.'), 'local'].flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)])
  const header = Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, 12, 0, 1])])
}

/** What keeps this program in a network of its own, by the traces that it leaves; null where nothing does. */
export async function containerKind(root = '/'): Promise<string | null> {
  const isThere = (path: string) =>
    stat(`${root}${path}`).then(
      () => true,
      () => false,
    )
  if (await isThere('.dockerenv')) return 'a Docker container'
  if (await isThere('run/.containerenv')) return 'a Podman container'
  const groups = await readFile(`${root}proc/1/cgroup`, 'latin1').catch(() => '')
  if (groups.includes('kubepods')) return 'a Kubernetes pod'
  return /docker|containerd|lxc/.test(groups) ? 'a container' : null
}
