import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import { appPaths } from '../../src-main/app-paths'
import { startChild } from '../../src-main/process/owned-child'
import { EspalierError } from '../../src-shared/errors'

export interface StartedHost {
  pid: number
  /** From just before the process was made to the arrival of its `ready` line. */
  readyMs: number
  stop(): Promise<void>
}

const LineSchema = z.object({ type: z.string() })
const STOP_GRACE_MS = 10_000
const KEPT_LINES = 5

/** The headless host with an empty data directory, on loopback, without a coordinator. */
export async function startOurs(): Promise<StartedHost> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'espalier-bench-'))
  const remove = () => rm(dataDirectory, { recursive: true, force: true })
  const args = ['serve', '--profile', 'local', '--data-dir', dataDirectory, '--port', '0', '--json']
  try {
    const host = await startHost(appPaths().cli, args)
    return { ...host, stop: () => host.stop().finally(remove) }
  } catch (error) {
    await remove()
    throw error
  }
}

export function startBare(): Promise<StartedHost> {
  return startHost(join(appPaths().root, 'bench/startup/bare-server.mjs'), [])
}

/** Rejects with INTERNAL and the last lines when the process ends before it is ready. */
async function startHost(script: string, args: readonly string[]): Promise<StartedHost> {
  const startedAt = performance.now()
  const child = startChild({ script, args })
  const last: string[] = []
  const keep = (line: string) => {
    last.push(line)
    if (last.length > KEPT_LINES) last.shift()
  }
  child.onStderrLine(keep)
  const ready = new Promise<number>((resolve) => {
    // Read to the end, also after it is ready: a process whose pipe is full stops at its next line.
    child.onStdoutLine((line) => {
      keep(line)
      if (isReady(line)) resolve(performance.now() - startedAt)
    })
  })
  const ended = child.exited.then(({ code, signal }) => {
    throw new EspalierError('INTERNAL', `${script} ended (${signal ?? code}) before it was ready: ${last.join(' | ')}`)
  })
  const readyMs = await Promise.race([ready, ended])
  return {
    pid: child.pid,
    readyMs,
    async stop() {
      await child.stop(STOP_GRACE_MS)
    },
  }
}

export function isReady(line: string): boolean {
  try {
    return LineSchema.safeParse(JSON.parse(line)).data?.type === 'ready'
  } catch {
    return false
  }
}
