import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename } from 'node:path'
import { askProgram } from '../../process/run-program'

export interface SeenProcess {
  pid: number
  /** Program and arguments; on Windows the program alone. */
  command: string[]
  /** TCP ports that it listens on; empty where the system does not say. */
  ports: number[]
}

const DIGITS = /^\d+$/
/** The state of a listening socket in Linux' tables. */
const LISTENING = '0A'

/** The processes of this computer that this user may see. `proc` is where Linux shows them. */
export async function listProcesses(
  platform: NodeJS.Platform = process.platform,
  proc = '/proc',
): Promise<SeenProcess[]> {
  if (platform === 'linux') return fromProc(proc)
  if (platform === 'win32') return fromTasklist((await askProgram('tasklist', ['/fo', 'csv', '/nh'])) ?? '')
  return fromPs((await askProgram('ps', ['-axo', 'pid=,command='])) ?? '')
}

async function fromProc(proc: string): Promise<SeenProcess[]> {
  const pids = (await readdir(proc).catch(() => [])).filter((name) => DIGITS.test(name))
  const seen = await Promise.all(
    pids.map(async (pid) => {
      const text = await readFile(`${proc}/${pid}/cmdline`, 'utf8').catch(() => '')
      return { pid: Number(pid), command: text.split('\0').filter(Boolean), ports: [] }
    }),
  )
  return seen.filter(({ command }) => command.length > 0)
}

export function fromPs(text: string): SeenProcess[] {
  return text.split('\n').flatMap((line) => {
    const found = /^\s*(\d+)\s+(.+)$/.exec(line)
    return found?.[2] ? [{ pid: Number(found[1]), command: found[2].trim().split(/\s+/), ports: [] }] : []
  })
}

export function fromTasklist(text: string): SeenProcess[] {
  return text.split('\n').flatMap((line) => {
    const found = /^"([^"]+)","(\d+)"/.exec(line)
    return found?.[1] ? [{ pid: Number(found[2]), command: [found[1]], ports: [] }] : []
  })
}

/** The ports of one process, as Linux knows them; of another user's process, none. */
export async function portsOf(pid: number, proc = '/proc'): Promise<number[]> {
  const names = await readdir(`${proc}/${pid}/fd`).catch(() => [])
  const links = await Promise.all(names.map((name) => readlink(`${proc}/${pid}/fd/${name}`).catch(() => '')))
  const inodes = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []))
  if (inodes.size === 0) return []
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((table) => readFile(`${proc}/${pid}/net/${table}`, 'utf8').catch(() => '')),
  )
  const ports = tables.flatMap((table) =>
    table.split('\n').flatMap((line) => {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
      const port = Number.parseInt(local?.split(':')[1] ?? '', 16)
      return state === LISTENING && inode !== undefined && inodes.has(inode) ? [port] : []
    }),
  )
  return [...new Set(ports)].sort((a, b) => a - b)
}

/** A name for people: of an interpreter, what it runs. */
export function programName(command: readonly string[]): string {
  return basename((command[0] ?? '').replaceAll('\\', '/'))
}
