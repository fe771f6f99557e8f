import { type ChildProcess, fork } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { ForkOptions, UtilityProcess } from 'electron'
import type { FakeApp } from './fake-app'
import type { Like } from './fake-types'

const BOOTSTRAP = fileURLToPath(new URL('./utility-bootstrap.mjs', import.meta.url))
const living = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL')
})

/** A real process behind Electron's interface: messages are cloned both ways, and the child has a `parentPort`. */
export class FakeUtilityProcess
  extends EventEmitter
  implements Like<UtilityProcess, 'kill' | 'postMessage' | 'pid' | 'stdout' | 'stderr'>
{
  readonly #child: ChildProcess
  pid: number | undefined = undefined
  readonly stdout: Readable | null
  readonly stderr: Readable | null

  constructor(script: string, args: readonly string[], options: ForkOptions, bootstrap: string) {
    super()
    const stdio = typeof options.stdio === 'string' ? Array(3).fill(options.stdio) : (options.stdio ?? [])
    const [, stdout = 'inherit', stderr = 'inherit'] = stdio as ('pipe' | 'ignore' | 'inherit')[]
    this.#child = fork(bootstrap, [script, ...args], {
      serialization: 'advanced',
      stdio: ['ignore', stdout, stderr, 'ipc'],
      execArgv: options.execArgv ?? [],
      env: options.env as NodeJS.ProcessEnv,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    })
    living.add(this.#child)
    this.stdout = this.#child.stdout
    this.stderr = this.#child.stderr
    this.#child.once('spawn', () => {
      this.pid = this.#child.pid
      this.emit('spawn')
    })
    this.#child.on('message', (message) => this.emit('message', message))
    this.#child.once('exit', (code, signal) => {
      living.delete(this.#child)
      this.pid = undefined
      this.emit('exit', code ?? (signal ? constants.signals[signal] : 1))
    })
  }

  postMessage(message: unknown): void {
    const copy = structuredClone(message)
    if (this.#child.connected) this.#child.send(copy as object)
  }
  kill(): boolean {
    return this.#child.kill('SIGTERM')
  }
}

export function createUtilityProcess(app: FakeApp, bootstrap = BOOTSTRAP) {
  const children: FakeUtilityProcess[] = []
  return {
    children,
    utilityProcess: {
      fork(script: string, args: string[] = [], options: ForkOptions = {}): FakeUtilityProcess {
        app.needReady('utilityProcess.fork')
        const child = new FakeUtilityProcess(script, args, { ...options, env: options.env ?? process.env }, bootstrap)
        children.push(child)
        return child
      },
    },
  }
}
