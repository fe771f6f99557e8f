import { resolve } from 'node:path'
import { systemClock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import type { IdentityChange, IdentityView } from '../../src-shared/identity-view'
import { createIdentityDesk } from '../app/identity-desk'
import { dataDirectoryAt, openDataDirectory } from '../storage/data-directory'
import { lockDataDirectory } from '../storage/process-lock'
import { askPassphrase } from './ask-passphrase'
import { checkArguments } from './wrong-arguments'

export type IdentityAction = 'show' | 'export' | 'import' | 'restore' | 'renew'

const TWICE = 'Two nodes with one identity harm each other: run it on one computer only.'

/**
 * Shows, backs up, brings in, restores or renews the identity of a data directory. Changes are refused while an
 * Espalier runs there (DATA_DIR_IN_USE). Exits 1 when `show` finds it damaged.
 */
export async function identity(
  action: IdentityAction,
  file: string | undefined,
  options: { dataDir?: string; json: boolean },
): Promise<void> {
  const named = await checkArguments(() => fileFor(action, file))
  const say = (value: object, text: string) =>
    void process.stdout.write(options.json ? `${JSON.stringify(value)}\n` : `${text}\n`)
  if (action === 'show' || action === 'export') {
    const desk = createIdentityDesk(dataDirectoryAt(options.dataDir).identityFile, systemClock)
    if (action === 'show') {
      const view = await desk.look()
      say(view, textOf(view))
      if (view.state === 'damaged') process.exitCode = 1
      return
    }
    const done = await desk.exportTo({ path: named, passphrase: await askPassphrase(true) })
    return say(done, `The backup is ${done.path}. It opens with the passphrase and with nothing else. ${TWICE}`)
  }
  const data = await openDataDirectory(options.dataDir)
  const unlock = lockDataDirectory(data.root)
  try {
    const desk = createIdentityDesk(data.identityFile, systemClock)
    const change =
      action === 'import'
        ? await desk.importFrom({ path: named, passphrase: await askPassphrase(false) })
        : await (action === 'restore' ? desk.restoreCopy() : desk.renew())
    say(change, changeText(change, action))
  } finally {
    unlock()
  }
}

/** The backup's path; empty where none is needed. Throws BAD_ARGUMENT. */
function fileFor(action: IdentityAction, file: string | undefined): string {
  if (file !== undefined) return resolve(file)
  if (action === 'export' || action === 'import') throw new EspalierError('BAD_ARGUMENT', 'name the file')
  return ''
}

function textOf({ state, peerId, copyPeerId, problem }: IdentityView): string {
  if (state === 'whole') return `This node is ${peerId}`
  if (state === 'none') return 'There is no identity yet; it is made when the node starts for the first time.'
  const way = copyPeerId === null ? 'import a backup, or renew' : `restore (${copyPeerId}), import a backup, or renew`
  return `${problem}\nNothing is done by itself. You can: ${way}.`
}

function changeText({ identity: { peerId }, keptAt }: IdentityChange, action: IdentityAction): string {
  const kept = keptAt === null ? '' : ` What was there before is kept as ${keptAt}.`
  return `This node is ${peerId} now.${kept}${action === 'import' ? ` ${TWICE}` : ''}`
}
