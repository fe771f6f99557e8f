import { execFile, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

import type { LogEvent } from '../../../src-main/storage/event-log'
import type { NodeStatus } from '../../../src-shared/status'
import type { Namespace } from './internet'

type Line = { type: string } & Record<string, unknown>

/** A program of ours in a namespace, and what it has said, one JSON object a line. */
export interface Program {
  readonly lines: readonly Line[]
  /** The first line that fits, of those said already (from the given one on) or within the time. */
  line(what: string, fits: (line: Line) => boolean, timeoutMs: number, from?: number): Promise<Line>
  status(): NodeStatus | null
  log(): (LogEvent & { type: 'log' })[]
  stop(): Promise<void>
}

const STOP_MS = 15_000

export function startProgram(
  space: Namespace,
  script: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Program {
  const child = spawn('ip', ['netns', 'exec', space.name, process.execPath, script, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: Line[] = []
  let complaints = ''
  child.stderr.on('data', (bytes: Buffer) => {
    complaints = `${complaints}${bytes}`.slice(-2_000)
  })
  createInterface({ input: child.stdout }).on('line', (text) => {
    if (text.startsWith('{')) lines.push(JSON.parse(text))
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    lines,
    async line(what, fits, timeoutMs, from = 0) {
      const deadline = performance.now() + timeoutMs
      for (let at = from; ; ) {
        while (at < lines.length) {
          const line = lines[at++]
          if (line && fits(line)) return line
        }
        const gone = child.exitCode !== null || child.signalCode !== null
        if (gone || performance.now() > deadline) {
          const last = lines.slice(-5).map((line) => JSON.stringify(line).slice(0, 1_500))
          throw new Error(`no ${what} of ${space.name}: ${gone ? `it ended. ${complaints}` : last.join('\n')}`)
        }
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
    status: () => (lines.findLast(({ type }) => type === 'status')?.status as NodeStatus | undefined) ?? null,
    log: () => lines.filter(({ type }) => type === 'log') as unknown as (LogEvent & { type: 'log' })[],
    async stop() {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      await ended
      clearTimeout(timer)
    },
  }
}

/** Runs one to its end; resolves with what it printed. */
export function runIn(space: Namespace, program: string, args: readonly string[], timeoutMs = 60_000): Promise<string> {
  return new Promise((resolve, reject) =>
    execFile('ip', ['netns', 'exec', space.name, program, ...args], { timeout: timeoutMs }, (error, stdout, stderr) =>
      error ? reject(new Error(`${error.message}\n${stderr.slice(-2_000)}`)) : resolve(stdout),
    ),
  )
}

/** Whom a namespace holds TCP connections to, outside itself. */
export async function connectedTo(space: Namespace): Promise<string[]> {
  const text = await runIn(space, 'ss', ['-Htn', 'state', 'established'])
  const peers = text.split('\n').flatMap((line) => line.trim().split(/\s+/)[3]?.replace(/:\d+$/, '') ?? [])
  return [...new Set(peers)].filter((peer) => peer !== '' && !peer.startsWith('127.')).sort()
}
