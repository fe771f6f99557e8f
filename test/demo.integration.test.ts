import { execFileSync, spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { StepSchema } from '../src-shared/status'

// The whole product as a person starts it: the built command line, real processes, real signals.

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const CLI = join(ROOT, 'out/main/cli.js')

const Report = z.strictObject({
  nodes: z
    .array(
      z.strictObject({
        peerId: z.string(),
        blocks: z.tuple([z.int(), z.int()]),
        loadLevel: z.literal('L6'),
        steps: z.array(StepSchema).length(9),
      }),
    )
    .length(3),
  observer: z.strictObject({
    rows: z.array(z.looseObject({ peer_id: z.string(), state: z.literal('online') })).length(3),
    readBack: z.int().min(8),
  }),
  generation: z.strictObject({
    prompts: z.array(z.strictObject({ prompt: z.string(), text: z.string().min(1) })).length(3),
    tokens: z.literal(192),
    stages: z.literal(3),
    tokensPerSecond: z.number().positive(),
    identicalToSingleProcess: z.literal(true),
    maxLogitDifference: z.number(),
  }),
  elapsedMs: z.int().positive(),
})

let elsewhere: string

beforeAll(async () => {
  execFileSync(process.execPath, [join(ROOT, 'scripts/build-once.mjs')], { stdio: ['ignore', 2, 2] })
  elsewhere = await mkdtemp(join(tmpdir(), 'espalier-cwd-'))
})
afterAll(() => rm(elsewhere, { recursive: true, force: true }))

interface Outcome {
  code: number | null
  out: string
  err: string
  /** Every process that descended from it while it ran. */
  descendants: number[]
}

async function run(
  args: string[],
  onLine: (line: string, signal: (name?: NodeJS.Signals) => void) => void = () => undefined,
): Promise<Outcome> {
  // A group of its own, so that a signal can reach it as a terminal's Ctrl-C does: everybody in the group at once.
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: elsewhere,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const outcome: Outcome = { code: null, out: '', err: '', descendants: [] }
  const known = new Set<number>()
  const watch = setInterval(() => {
    for (const pid of descendantsOf(child.pid ?? 0)) known.add(pid)
  }, 500)
  child.stdout.on('data', (chunk) => {
    outcome.out += chunk
    for (const line of String(chunk).split('\n'))
      onLine(line, (name = 'SIGINT') => process.kill(-(child.pid ?? 0), name))
  })
  child.stderr.on('data', (chunk) => {
    outcome.err += chunk
  })
  outcome.code = await new Promise((resolve) => child.once('close', resolve))
  clearInterval(watch)
  outcome.descendants = [...known]
  return outcome
}

function descendantsOf(pid: number): number[] {
  const parents = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number])
  const children = (of: number): number[] =>
    parents.filter(([, parent]) => parent === of).flatMap(([child]) => [child, ...children(child)])
  return children(pid)
}

/** A process below this one by what stands in its command line. */
function ownProcess(...words: string[]): number {
  const own = descendantsOf(process.pid).map(String)
  const commands = execFileSync('ps', ['-ww', '-o', 'pid=,args=', '-p', own.join(',')], { encoding: 'utf8' }).split(
    '\n',
  )
  const found = commands.find((command) => words.every((word) => command.includes(word)))
  return Number.parseInt(found ?? '', 10)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const demoDirectories = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('espalier-demo-'))

describe('npm run demo', () => {
  it('--once --json proves the whole job in one document, and leaves no process, directory or file behind', async () => {
    const before = await demoDirectories()
    const { code, out, err, descendants } = await run(['demo', '--once', '--json'])
    expect(err).toBe('')
    expect(code).toBe(0)
    const report = Report.parse(JSON.parse(out))
    expect(report.nodes.map(({ blocks }) => blocks).toSorted(([a], [b]) => a - b)).toEqual([
      [0, 3],
      [3, 6],
      [6, 8],
    ])
    expect(report.generation.maxLogitDifference).toBe(0)
    const ids = report.nodes.map(({ peerId }) => peerId)
    for (const { peerId, steps } of report.nodes) {
      expect(steps.map(({ state }) => state)).toEqual(Array(9).fill('done'))
      expect(steps.every(({ evidence }) => evidence.length > 0)).toBe(true)
      const witnesses = steps.find(({ name }) => name === 'visible')!.evidence.map(({ by }) => by)
      expect(new Set(witnesses).size).toBeGreaterThanOrEqual(2)
      expect(witnesses).not.toContain(peerId)
    }
    expect(report.observer.rows.map(({ peer_id }) => peer_id).sort()).toEqual(ids.sort())
    // A coordinator, three nodes with an engine each, an observer, and the client's two engines.
    expect(descendants.length).toBeGreaterThanOrEqual(8)
    expect(descendants.filter(isAlive)).toEqual([])
    expect((await demoDirectories()).filter((name) => !before.includes(name))).toEqual([])
    // Everything went below the data directories; the working directory stays as it was (H-04).
    expect(await readdir(elsewhere)).toEqual([])
  })

  it('without --once it starts a killed node again, and stays up until Ctrl-C, which ends every process and exits 0', async () => {
    const { code, out, descendants } = await run(['demo'], (line, signal) => {
      if (line.includes('until Ctrl-C')) process.kill(ownProcess('serve', 'second-quince'), 'SIGKILL')
      if (line.includes('is back')) setTimeout(signal, 1_000)
    })
    expect(out).toMatch(/second-quince ended\. The others stay up.*\n(?:.*\n)*.*second-quince is back: http/)
    expect(out).toMatch(/Open http:\/\/127\.0\.0\.1:\d+\/#token=/)
    expect(out).toContain('DEMO')
    // The coordinator was still there when the nodes signed off.
    expect(out).not.toMatch(/refused|UNREACHABLE/)
    expect(code).toBe(0)
    expect(descendants.length).toBeGreaterThanOrEqual(7)
    expect(descendants.filter(isAlive)).toEqual([])
  })

  it('says when its coordinator ends by itself, and does not exit 0', async () => {
    const { code, err, descendants } = await run(['demo'], (line) => {
      if (!line.includes('until Ctrl-C')) return
      process.kill(ownProcess(join(ROOT, 'out/main/coordinator.js')), 'SIGKILL')
    })
    expect(code).toBe(1)
    expect(err).toContain('the coordinator ended by itself')
    expect(descendants.filter(isAlive)).toEqual([])
  })

  it('O-06: killed outright, it takes its processes with it; the next start tidies up what it left', async () => {
    const before = await demoDirectories()
    const { code, descendants } = await run(['demo'], (line, signal) => {
      if (line.includes('An observer')) signal('SIGKILL')
    })
    expect(code).toBeNull()
    expect(descendants.length).toBeGreaterThanOrEqual(4)
    await expect.poll(() => descendants.filter(isAlive), { timeout: 30_000 }).toEqual([])
    const left = (await demoDirectories()).filter((name) => !before.includes(name))
    expect(left).toHaveLength(1)
    await run(['demo', '--once'], (line, signal) => line.includes('approve') && signal())
    expect((await demoDirectories()).filter((name) => left.includes(name))).toEqual([])
  })

  it('interrupted with --once it prints nothing and does not exit 0', async () => {
    let isSent = false
    const { code, out, descendants } = await run(['demo', '--once'], (line, signal) => {
      if (!isSent && line.includes('approve')) {
        isSent = true
        signal()
      }
    })
    expect(code).toBe(1)
    expect(out).not.toContain('Done in')
    expect(descendants.filter(isAlive)).toEqual([])
  })
})
