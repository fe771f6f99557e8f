import { type ChildProcess, fork, type Serializable, spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { type Clock, type Disposer, systemClock } from '../../src-shared/clock'
import { encodeMessage, messageReader } from './message-pipe'

/**
 * A process that we started and therefore may end. The only module that starts processes: every child is
 * known, and children end with us, because they watch their channel (`disconnect`) as well as our signal.
 */
export interface OwnedChild {
  readonly pid: number
  /** Resolves once, when the process has ended. Never rejects. */
  readonly exited: Promise<ChildExit>
  /** Asks (SIGTERM), waits `graceMs`, then kills. Resolves when the process has ended. */
  stop(graceMs?: number): Promise<ChildExit>
  /** Ends it at once (SIGKILL). For tests of faults and for children that hang. */
  kill(): void
  signal(name: NodeJS.Signals): void
  onStdoutLine(listener: (line: string) => void): Disposer
  onStderrLine(listener: (line: string) => void): Disposer
  /** Only with `ipc`. Throws when the child has gone. */
  send(message: Serializable): void
  onMessage(listener: (message: unknown) => void): Disposer
}

export interface ChildExit {
  code: number | null
  signal: NodeJS.Signals | null
}

export interface ChildOptions {
  /** JavaScript file to run with our own Node. */
  script: string
  args?: readonly string[]
  env?: Readonly<Record<string, string>>
  cwd?: string
  /**
   * Opens a structured-clone channel (Node's "advanced" serialization: typed arrays travel as bytes). `'pipe'`: the
   * child waits for its messages in `blockingMessages(MESSAGE_PIPE_FD)`, where there is such a pipe; on Windows and in
   * Electron it gets a channel all the same.
   */
  ipc?: boolean | 'pipe'
}

/** Where a child finds its end of the message pipe. */
export const MESSAGE_PIPE_FD = 3

const living = new Set<ChildProcess>()
// Last resort: whatever still lives when we exit goes with us. Orderly stops happen long before.
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL')
})

export function startChild(options: ChildOptions, clock: Clock = systemClock): OwnedChild {
  const common = {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    // A group of its own: Ctrl-C in a terminal reaches us alone, and we end children in order, after they took leave.
    detached: process.platform !== 'win32',
  }
  const hasPipe = options.ipc === 'pipe' && process.platform !== 'win32'
  const hasChannel = options.ipc !== undefined && options.ipc !== false && !hasPipe
  const child = hasChannel
    ? fork(options.script, options.args ?? [], {
        ...common,
        serialization: 'advanced',
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        execArgv: [],
      })
    : spawn(process.execPath, [options.script, ...(options.args ?? [])], {
        ...common,
        stdio: ['ignore', 'pipe', 'pipe', ...(hasPipe ? ['pipe' as const] : [])],
      })
  living.add(child)
  const exited = new Promise<ChildExit>((resolve) => {
    const settle = (code: number | null, signal: NodeJS.Signals | null) => {
      living.delete(child)
      resolve({ code, signal })
    }
    child.once('exit', settle)
    // Also emitted for a message that could not be sent, while the process lives: only a failed start is an end.
    child.on('error', () => {
      if (child.pid === undefined) settle(null, null)
    })
  })
  const pipe = hasPipe ? openPipe(child) : null
  let hasExited = false
  void exited.then(() => {
    hasExited = true
  })

  return {
    get pid() {
      return child.pid ?? -1
    },
    exited,
    async stop(graceMs = 5_000) {
      if (!hasExited) child.kill('SIGTERM')
      const cancel = clock.after(graceMs, () => child.kill('SIGKILL'))
      const exit = await exited
      cancel()
      return exit
    },
    kill: () => void child.kill('SIGKILL'),
    signal: (name) => void child.kill(name),
    onStdoutLine: (listener) => onLine(child.stdout, listener),
    onStderrLine: (listener) => onLine(child.stderr, listener),
    send(message) {
      if (hasExited || (pipe ? !pipe.isOpen() : !child.connected)) throw new Error('the child process has ended')
      if (pipe) pipe.send(message)
      else child.send(message)
    },
    onMessage(listener) {
      if (pipe) {
        pipe.listeners.add(listener)
        return () => void pipe.listeners.delete(listener)
      }
      child.on('message', listener)
      return () => void child.off('message', listener)
    },
  }
}

function openPipe(child: ChildProcess) {
  const listeners = new Set<(message: unknown) => void>()
  const socket = child.stdio[MESSAGE_PIPE_FD]
  if (!(socket instanceof Socket)) return { listeners, isOpen: () => false, send: () => undefined }
  const read = messageReader((message) => {
    for (const listener of listeners) listener(message)
  })
  socket.on('data', (chunk: Buffer) => {
    try {
      read(chunk)
    } catch {
      // No message can follow what is none.
      child.kill('SIGKILL')
    }
  })
  // A child that ends while we write to it; its exit says the rest.
  socket.on('error', () => undefined)
  return {
    listeners,
    isOpen: () => socket.writable,
    send: (message: unknown) => void socket.write(encodeMessage(message)),
  }
}

export function onLine(stream: NodeJS.ReadableStream | null, listener: (line: string) => void): Disposer {
  if (!stream) return () => undefined
  let rest = ''
  const onData = (chunk: Buffer | string) => {
    const lines = (rest + chunk.toString()).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) listener(line)
  }
  const onEnd = () => {
    if (rest !== '') listener(rest)
    rest = ''
  }
  stream.on('data', onData)
  stream.once('end', onEnd)
  return () => {
    stream.off('data', onData)
    stream.off('end', onEnd)
  }
}
