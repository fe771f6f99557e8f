import type { Clock } from '../../src-shared/clock'
import { type ChildExit, type ChildOptions, type OwnedChild, onLine } from '../process/owned-child'
import { standalone } from '../process/standalone'
import type { ElectronModule } from './electron-module'

/**
 * Runs our scripts in Electron's utility processes, because the packaged app cannot run as plain Node. Like
 * `startChild`, with one difference: a process that was ended by a signal reports it as an exit code, if at all.
 * Only after Electron is ready.
 */
export function createUtilityStarter(
  { utilityProcess }: Pick<ElectronModule, 'utilityProcess'>,
  clock: Clock,
): (options: ChildOptions) => OwnedChild {
  return ({ script, args = [], env, cwd, ipc }) => {
    const child = utilityProcess.fork(script, [...args], {
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
      stdio: ['ignore', 'pipe', 'pipe'],
      serviceName: 'Espalier helper',
    })
    return ownedChildOf(child, ipc !== undefined && ipc !== false, clock)
  }
}

function ownedChildOf(child: Electron.UtilityProcess, hasChannel: boolean, clock: Clock): OwnedChild {
  let hasExited = false
  let pid = -1
  // Electron forgets the id before it tells of the end.
  child.once('spawn', () => {
    pid = child.pid ?? -1
  })
  const exited = new Promise<ChildExit>((resolve) => {
    child.once('exit', (code) => {
      hasExited = true
      resolve({ code, signal: null })
    })
  })
  // Without a listener a fatal error of the child would be thrown here; `exit` follows and says the rest.
  child.on('error', () => undefined)

  const signal = (name: NodeJS.Signals) => {
    const target = child.pid ?? pid
    if (hasExited) return
    // Not yet spawned: Electron then ends it as soon as it can.
    if (target === -1 || target === undefined) {
      child.kill()
      return
    }
    try {
      process.kill(target, name)
    } catch (error) {
      // It ended by itself in this moment.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  return {
    get pid() {
      return child.pid ?? pid
    },
    exited,
    async stop(graceMs = 5_000) {
      signal('SIGTERM')
      const cancel = clock.after(graceMs, () => signal('SIGKILL'))
      const exit = await exited
      cancel()
      return exit
    },
    kill: () => signal('SIGKILL'),
    signal,
    onStdoutLine: (listener) => onLine(child.stdout, listener),
    onStderrLine: (listener) => onLine(child.stderr, listener),
    send(message) {
      if (hasExited || !hasChannel) throw new Error('the child process has ended')
      child.postMessage(standalone(message))
    },
    onMessage(listener) {
      child.on('message', listener)
      return () => void child.off('message', listener)
    },
  }
}
