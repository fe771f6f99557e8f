import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { EspalierError } from '../../src-shared/errors'
import { MIN_PASSPHRASE_CHARS } from '../../src-shared/identity-view'

/**
 * The passphrase from a terminal, where it does not show, or from the first line of what is piped in: arguments and
 * variables can be read by other programs. `isNew` asks twice in a terminal. Throws BAD_ARGUMENT.
 */
export async function askPassphrase(isNew: boolean): Promise<string> {
  const first = await askLine('Passphrase: ')
  if (first.length < MIN_PASSPHRASE_CHARS)
    throw new EspalierError('BAD_ARGUMENT', `a passphrase has at least ${MIN_PASSPHRASE_CHARS} characters`)
  if (isNew && process.stdin.isTTY && (await askLine('Again: ')) !== first)
    throw new EspalierError('BAD_ARGUMENT', 'the two passphrases differ')
  return first
}

async function askLine(question: string): Promise<string> {
  const isTerminal = process.stdin.isTTY === true
  if (isTerminal) process.stderr.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: silent, terminal: isTerminal })
  try {
    for await (const line of lines) return line
    return ''
  } finally {
    lines.close()
    if (isTerminal) process.stderr.write('\n')
  }
}
