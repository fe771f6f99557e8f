import type { Command } from 'commander'
import { messageOf, reportOf } from '../../src-shared/errors'
import { watchOutput } from './lost-output'
import { WrongArguments } from './wrong-arguments'

/**
 * Exit codes: 0 done, 1 failed with a report, 2 wrong arguments. When nobody reads the output any more (`| head`), the
 * commands named in `goOn` go on without; the others end as at Ctrl-C.
 */
export async function runMain(program: Command, { goOn = [] }: { goOn?: readonly string[] } = {}): Promise<void> {
  const wantsJson = process.argv.includes('--json')
  let running = ''
  program.hook('preAction', (_program, command) => {
    running = command.name()
  })
  watchOutput(process, {
    onGone() {
      if (goOn.includes(running)) return
      if (process.listenerCount('SIGINT') > 0) process.emit('SIGINT', 'SIGINT')
      else process.exit()
    },
    onLost(error) {
      process.exitCode = 1
      process.stderr.write(`The output could not be written: ${messageOf(error)}\n`)
    },
  })
  for (const command of [program, ...program.commands]) {
    command.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  }
  try {
    // Said outright, because inside Electron the default counts the arguments from another place.
    await program.parseAsync(process.argv, { from: 'node' })
  } catch (error) {
    const report = reportOf(error)
    if (wantsJson) process.stdout.write(`${JSON.stringify({ type: 'error', error: report })}\n`)
    process.stderr.write(`${report.cause}. ${report.action} (${report.code})\n`)
    if (report.code === 'INTERNAL' && error instanceof Error) process.stderr.write(`${error.stack}\n`)
    process.exitCode = error instanceof WrongArguments ? 2 : 1
  }
}
