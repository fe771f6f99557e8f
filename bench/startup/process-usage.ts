import { readdir, readFile } from 'node:fs/promises'

export interface Usage {
  /** Time on a processor since the process began, its children included, in milliseconds. */
  busyMs: number
  /** Memory that is not on disk or swapped out, in bytes; what processes share counts in each. */
  residentBytes: number
}

/** Reads what Linux knows of a process and of those that it started. Null on other systems. */
export async function usageOf(pid: number): Promise<Usage | null> {
  if (process.platform !== 'linux') return null
  const threads = await readdir(`/proc/${pid}/task`)
  const busyNanoseconds = await Promise.all(
    // Finer than /proc/PID/stat, which counts in hundredths of a second.
    threads.map(async (thread) => Number((await text(`/proc/${pid}/task/${thread}/schedstat`)).split(' ')[0])),
  )
  const status = await text(`/proc/${pid}/status`)
  const residentKibibytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0)
  const children = await Promise.all((await childrenOf(pid, threads)).map(usageOf))
  return {
    busyMs: sum(busyNanoseconds) / 1e6 + sum(children.map((child) => child?.busyMs ?? 0)),
    residentBytes: residentKibibytes * 1024 + sum(children.map((child) => child?.residentBytes ?? 0)),
  }
}

async function childrenOf(pid: number, threads: readonly string[]): Promise<number[]> {
  const lists = await Promise.all(threads.map((thread) => text(`/proc/${pid}/task/${thread}/children`)))
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number))
}

/** Empty for what has gone in the meantime, as threads do. */
function text(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
