import type { Command } from 'commander'
import { reportOf } from '../../src-shared/errors'
import { WrongArguments } from './wrong-arguments'

/** Exit codes: 0 done, 1 failed with a report, 2 wrong arguments. */
export async function runMain(program: Command): Promise<void> {
  const wantsJson = process.argv.includes('--json')
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
