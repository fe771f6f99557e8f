import { EspalierError, messageOf } from '../../src-shared/errors'
import { readOwnEvents } from '../own-log/own-log'
import { dataDirectoryAt } from '../storage/data-directory'

const moment = new Intl.DateTimeFormat('en-GB', { dateStyle: 'short', timeStyle: 'medium' })

/** Prints what happened on this node and its operator's others, causes before effects. */
export async function events(options: { dataDir?: string; json: boolean }): Promise<void> {
  const { root, ownLogFile } = dataDirectoryAt(options.dataDir)
  const known = await readOwnEvents(ownLogFile).catch((error: unknown) => {
    // A file instead of a folder, or another user's folder.
    throw new EspalierError('DATA_DIR_UNUSABLE', `${root} (${messageOf(error)})`, { cause: error })
  })
  for (const event of known) {
    const { at, name, level, code, message } = event
    const text = `${moment.format(at)}  ${name}  ${level}  ${message} (${code})`
    process.stdout.write(`${options.json ? JSON.stringify(event) : text}\n`)
  }
  if (known.length === 0 && !options.json) process.stdout.write('Nothing yet; see “serve --own-node”.\n')
}
