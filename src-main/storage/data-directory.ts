import { access, constants, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { makeFolders } from './make-folders'
import { closeFolderToOthers } from './owner-only'

/** Where everything of one node lives. Every store takes this and nothing else; nothing is written beside it. */
export interface DataDirectory {
  readonly root: string
  readonly identityFile: string
  /** Which version of the app's files these are. */
  readonly versionFile: string
  readonly settingsFile: string
  /** The key of the API for programs. */
  readonly apiKeyFile: string
  /** What the operator entrusts to this app: tokens for other services. */
  readonly secretsFile: string
  readonly coordinatorFile: string
  /** The capability token and what is needed to check others'. */
  readonly membershipFile: string
  readonly networkFile: string
  /** An invite that has not let this node in yet. */
  readonly inviteFile: string
  readonly standingFile: string
  readonly peersFile: string
  /** What this node has given, over all its runs. */
  readonly countersFile: string
  /** What happened on this node and its operator's others. */
  readonly ownLogFile: string
  /** What others may still read about this node. */
  readonly announcedFile: string
  /** Measured speeds of blocks. */
  readonly speedsFile: string
  /** What was given, day by day. */
  readonly contributionFile: string
  readonly modelsDirectory: string
  /** Of answers that run: what a lost neighbour's replacement is filled from, when it is too much for the memory. */
  readonly keptDirectory: string
  readonly logsDirectory: string
}

/** The OS's place for application data; never the working directory. */
export function defaultDataRoot(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const home = homedir()
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'Espalier')
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Espalier')
  return join(
    env.XDG_DATA_HOME && isAbsolute(env.XDG_DATA_HOME) ? env.XDG_DATA_HOME : join(home, '.local', 'share'),
    'espalier',
  )
}

/** The places of a data directory, whether or not it is there. `chosen` as for `openDataDirectory`. */
export function dataDirectoryAt(chosen?: string): DataDirectory {
  const root = resolve(chosen ?? process.env.ESPALIER_DATA_DIR ?? defaultDataRoot())
  return {
    root,
    identityFile: join(root, 'identity.key'),
    versionFile: join(root, 'state.json'),
    settingsFile: join(root, 'settings.json'),
    apiKeyFile: join(root, 'api.key'),
    secretsFile: join(root, 'secrets.json'),
    coordinatorFile: join(root, 'coordinator.json'),
    membershipFile: join(root, 'membership.json'),
    networkFile: join(root, 'network.json'),
    inviteFile: join(root, 'invite.json'),
    standingFile: join(root, 'standing.json'),
    peersFile: join(root, 'peers.json'),
    countersFile: join(root, 'counters.json'),
    ownLogFile: join(root, 'own-log.jsonl'),
    announcedFile: join(root, 'announced.json'),
    speedsFile: join(root, 'speeds.json'),
    contributionFile: join(root, 'contribution.json'),
    modelsDirectory: join(root, 'models_cache'),
    keptDirectory: join(root, 'kept'),
    logsDirectory: join(root, 'logs'),
  }
}

/**
 * Opens (and makes, when it is not there) the data directory, and takes the rights to it from other users. `chosen`
 * comes from `--data-dir` or `ESPALIER_DATA_DIR`. Throws DATA_DIR_UNUSABLE when it can't be written: better now than at
 * the first save.
 */
export async function openDataDirectory(chosen?: string): Promise<DataDirectory> {
  const data = dataDirectoryAt(chosen)
  try {
    await makeFolders(data.root, 0o700)
    closeFolderToOthers(data.root)
  } catch (error) {
    throw unusable(data.root, error)
  }
  await tryDataDirectory(data.root)
  return data
}

/** Throws DATA_DIR_UNUSABLE when the folder can't be read and written; changes nothing. */
export async function tryDataDirectory(root: string): Promise<void> {
  try {
    await access(root, constants.R_OK | constants.W_OK)
    const probe = join(root, `.write-test-${process.pid}`)
    await writeFile(probe, '')
    await rm(probe)
  } catch (error) {
    throw unusable(root, error)
  }
}

function unusable(root: string, error: unknown): EspalierError {
  return new EspalierError('DATA_DIR_UNUSABLE', `${root} (${messageOf(error)})`, { cause: error })
}
