import { readdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { askProgram } from '../../process/run-program'

/** Something that the system starts by itself. */
export interface StartEntry {
  kind: 'systemd' | 'systemd-user' | 'desktop' | 'launchd' | 'windows-task' | 'windows-run'
  name: string
  /** Where it stands: a file, or a key of the registry. */
  where: string
}

const NAMES = /(espalier|kwaai|petals|p2pd|hivemind)/i
const MAX_FILE_CHARS = 20_000

/** Where the systems keep what they start; a list of places, so that tests have their own. */
export function startPlaces(
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): { kind: StartEntry['kind']; folder: string }[] {
  if (platform === 'darwin') {
    return ['/Library/LaunchDaemons', '/Library/LaunchAgents', join(home, 'Library/LaunchAgents')].map((folder) => ({
      kind: 'launchd',
      folder,
    }))
  }
  if (platform !== 'linux') return []
  return [
    { kind: 'systemd', folder: '/etc/systemd/system' },
    { kind: 'systemd', folder: '/usr/lib/systemd/system' },
    { kind: 'systemd-user', folder: join(home, '.config/systemd/user') },
    { kind: 'desktop', folder: join(home, '.config/autostart') },
    { kind: 'desktop', folder: '/etc/xdg/autostart' },
  ]
}

/** Entries that start this app or other node software, by their name or by what they run. Nothing is changed. */
export async function findStartEntries(places: ReturnType<typeof startPlaces> = startPlaces()): Promise<StartEntry[]> {
  const found = await Promise.all(
    places.map(async ({ kind, folder }) => {
      const names = await readdir(folder).catch(() => [])
      const hits = await Promise.all(
        names
          .filter((name) => /\.(service|desktop|plist)$/.test(name))
          .map(async (name) => {
            const where = join(folder, name)
            const isHit = NAMES.test(name) || NAMES.test(commandIn(await readFile(where, 'utf8').catch(() => '')))
            return isHit ? [{ kind, name, where }] : []
          }),
      )
      return hits.flat()
    }),
  )
  return [...found.flat(), ...(process.platform === 'win32' ? await onWindows() : [])]
}

/** The lines that say what is run; a comment that names a program starts nothing. */
function commandIn(text: string): string {
  const lines = text.slice(0, MAX_FILE_CHARS).split('\n')
  return lines.filter((line) => /^\s*(Exec\w*=|<string>)/.test(line)).join('\n')
}

async function onWindows(): Promise<StartEntry[]> {
  const key = 'HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run'
  const [run, tasks] = await Promise.all([
    askProgram('reg', ['query', key]),
    askProgram('schtasks', ['/query', '/fo', 'csv', '/nh']),
  ])
  const runs = (run ?? '').split('\n').flatMap((line): StartEntry[] => {
    const name = /^\s+(.+?)\s+REG_/.exec(line)?.[1]
    return name && NAMES.test(line) ? [{ kind: 'windows-run', name, where: key }] : []
  })
  const planned = (tasks ?? '').split('\n').flatMap((line): StartEntry[] => {
    const name = /^"\\?([^"]+)"/.exec(line)?.[1]
    return name && NAMES.test(name) ? [{ kind: 'windows-task', name, where: 'Task Scheduler' }] : []
  })
  return [...runs, ...planned]
}

/** What its owner would type to end it. */
export function removalCommand({ kind, name, where }: StartEntry): string {
  switch (kind) {
    case 'systemd':
      return `sudo systemctl disable --now ${quoted(name)}`
    case 'systemd-user':
      return `systemctl --user disable --now ${quoted(name)}`
    case 'desktop':
      return where.startsWith('/etc/') ? `sudo rm ${quoted(where)}` : `rm ${quoted(where)}`
    case 'launchd':
      return `${where.startsWith('/Library/') ? 'sudo ' : ''}launchctl unload -w ${quoted(where)}`
    case 'windows-run':
      return `reg delete "${where}" /v "${name}"`
    case 'windows-task':
      return `schtasks /delete /tn "${name}"`
  }
}

function quoted(text: string): string {
  return /^[\w./@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
