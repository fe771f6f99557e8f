import { readdir, readFile, readlink } from 'node:fs/promises'
import { type CheckDefinition, pass, unknown, warn } from './check'

/** Programs that are nodes of such networks, by the name of their process or a word of their command line. */
const NAMES = /^(p2pd|kwaainet|kwaai|petals)/i
const COMMANDS = /petals\.cli\.run_server|run_dht_server|kwaainet/
const LISTENING = '0A'
const MAX_NAMED = 5

export interface OtherNode {
  name: string
  pid: number
  /** TCP ports on which it listens, as far as this user may look. */
  ports: number[]
}

/** Other node software that runs here (O-08). It is only looked at: what we did not start is never ended. */
export const otherNodes: CheckDefinition = {
  id: 'other-nodes',
  title: 'Other node software',
  async look() {
    const found = await findOtherNodes()
    if (!found) return unknown('this system does not say which programs run')
    if (found.length === 0) return pass('no other node software runs on this computer')
    const named = found.slice(0, MAX_NAMED).map(({ name, pid, ports }) => {
      const at = ports.length > 0 ? `, port ${ports.join(', ')}` : ''
      return `${name} (process ${pid}${at})`
    })
    const more = found.length > named.length ? ` and ${found.length - named.length} more` : ''
    return warn('OTHER_NODE_RUNS', `${named.join('; ')}${more} runs on this computer, too`)
  },
}

/** Null where there is no `/proc` to look at. */
export async function findOtherNodes(): Promise<OtherNode[] | null> {
  const entries = await readdir('/proc').catch(() => null)
  if (!entries) return null
  const pids = entries.filter((entry) => /^\d+$/.test(entry) && entry !== `${process.pid}`)
  const found = await Promise.all(pids.map(nodeSoftware))
  const named = found.filter((node) => node !== null)
  if (named.length === 0) return []
  const portOf = await listeningPorts()
  return Promise.all(named.map(async (node) => ({ ...node, ports: await portsOf(node.pid, portOf) })))
}

async function nodeSoftware(pid: string): Promise<{ name: string; pid: number } | null> {
  try {
    const name = (await readFile(`/proc/${pid}/comm`, 'utf8')).trim()
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).slice(0, 2_000)
    return NAMES.test(name) || COMMANDS.test(command) ? { name, pid: Number(pid) } : null
  } catch {
    // It has ended meanwhile, or is another user's.
    return null
  }
}

/** By the inode of the socket. */
async function listeningPorts(): Promise<Map<string, number>> {
  const ports = new Map<string, number>()
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const lines = (await readFile(table, 'utf8').catch(() => '')).split('\n').slice(1)
    for (const line of lines) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
      const port = Number.parseInt(local?.split(':').at(-1) ?? '', 16)
      if (state === LISTENING && inode !== undefined && port > 0) ports.set(inode, port)
    }
  }
  return ports
}

async function portsOf(pid: number, portOf: ReadonlyMap<string, number>): Promise<number[]> {
  const files = await readdir(`/proc/${pid}/fd`).catch(() => [])
  const links = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => '')))
  const ports = links.flatMap((link) => portOf.get(/^socket:\[(\d+)\]$/.exec(link)?.[1] ?? '') ?? [])
  return [...new Set(ports)].sort((a, b) => a - b)
}
