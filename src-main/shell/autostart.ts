import { mkdir, rm } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import type { Autostart } from '../app/desktop-services'
import { readFileIfThere, writeFileAtomic } from '../storage/atomic-file'

export interface AutostartOptions {
  platform: NodeJS.Platform
  app: Pick<Electron.App, 'isPackaged' | 'setLoginItemSettings' | 'getLoginItemSettings'>
  env: Readonly<Record<string, string | undefined>>
  home: string
  executable: string
  /** Said again at every start, such as `--data-dir`. */
  args: readonly string[]
}

/** Started by the system, the app shows no window where the tray can. */
export const HIDDEN_SWITCH = 'hidden'

/**
 * Starting at log-in, by each system's own way: an entry in the autostart folder on Linux, the login items elsewhere.
 * Null for a copy that was not installed: the system would start a program of a developer's folder.
 */
export function createAutostart(options: AutostartOptions): Autostart | null {
  const { platform, app } = options
  if (!app.isPackaged) return null
  if (platform === 'linux') return byDesktopEntry(options)
  if (platform !== 'darwin' && platform !== 'win32') return null
  const args = [`--${HIDDEN_SWITCH}`, ...options.args]
  return {
    isOn: async () => app.getLoginItemSettings({ args }).openAtLogin,
    set: async (isOn) => app.setLoginItemSettings({ openAtLogin: isOn, args }),
  }
}

function byDesktopEntry({ env, home, executable, args }: AutostartOptions): Autostart {
  const config = env.XDG_CONFIG_HOME && isAbsolute(env.XDG_CONFIG_HOME) ? env.XDG_CONFIG_HOME : join(home, '.config')
  const folder = join(config, 'autostart')
  const file = join(folder, 'espalier.desktop')
  // An AppImage runs from a mount that is gone after the next start; this names the file itself.
  const program = env.APPIMAGE ?? executable
  const command = [program, `--${HIDDEN_SWITCH}`, ...args].map(execArgument).join(' ')
  return {
    async isOn() {
      const text = Buffer.from((await readFileIfThere(file)) ?? []).toString('utf8')
      return text !== '' && !/^(Hidden=true|X-GNOME-Autostart-enabled=false)$/m.test(text)
    },
    async set(isOn) {
      if (!isOn) return rm(file, { force: true })
      await mkdir(folder, { recursive: true })
      const lines = [
        '[Desktop Entry]',
        'Type=Application',
        'Name=Espalier',
        'Comment=Share this computer with a language-model network',
        `Exec=${command}`,
        'Icon=espalier',
        'Terminal=false',
        'X-GNOME-Autostart-enabled=true',
      ]
      await writeFileAtomic(file, `${lines.join('\n')}\n`, 0o644)
    },
  }
}

/** As the Desktop Entry Specification quotes: the argument's own escapes, then those of a string value. */
export function execArgument(text: string): string {
  const quoted = `"${text.replace(/["`$\\]/g, '\\$&')}"`
  return quoted.replaceAll('\\', '\\\\').replaceAll('%', '%%')
}
