import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os'

/** What a figure depends on and a reader cannot know. */
export interface Machine {
  processor: string
  cores: number
  memoryBytes: number
  system: string
  node: string
  /** Processes that wanted to run, averaged over the last minute: beside ours, there should have been none. */
  loadBefore: number
  loadAfter: number
}

export function machineNow(): Machine {
  const [load = 0] = loadavg()
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    loadBefore: load,
    loadAfter: load,
  }
}
