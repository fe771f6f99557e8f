import { type CheckDefinition, pass, warn } from './check'
import { findStartEntries, removalCommand, type StartEntry } from './machine/start-entries'

/** The file that this app itself writes when its owner wants it to start at log-in. */
const OWN = 'espalier.desktop'

/** What the system starts by itself: this app when its owner said so, and other node software (O-13, O-18). */
export const startEntries: CheckDefinition = {
  id: 'start-entries',
  title: 'Started by the system',
  async look({ startsAtLogin, findStartEntries: find = findStartEntries }) {
    const entries = await find()
    const unwanted = entries.filter((entry) => !(startsAtLogin && isOwn(entry)))
    if (unwanted.length === 0) {
      return pass(
        entries.length === 0
          ? 'the system starts no node software by itself'
          : `the system starts Espalier at log-in, as you chose (${entries[0]?.where})`,
      )
    }
    const words = unwanted.map(({ name, where }) => `${name} (${where})`).join('; ')
    const command = unwanted.map(removalCommand).join('\n')
    return { ...warn('START_ENTRY_FOUND', words), command: command.slice(0, 600) }
  },
}

function isOwn({ kind, name }: StartEntry): boolean {
  return kind === 'desktop' ? name === OWN : kind === 'windows-run' && /^espalier$/i.test(name)
}
