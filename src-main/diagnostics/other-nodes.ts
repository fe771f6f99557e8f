import { type CheckDefinition, counted, pass, warn } from './check'
import { listProcesses, portsOf, programName, type SeenProcess } from './machine/processes'

/** Programs that give this computer to a language-model network, by the name of their file. */
const PROGRAMS = /^(kwaai(net)?|petals|p2pd|hivemind-(server|dht)|exo)([-_.].*)?$/i
/** And the modules that Python runs for them. */
const MODULES = /^(petals\.cli\.\w+|hivemind\.hivemind_cli\.\w+|petals|kwaai(net)?)$/i
/** Names are shown to be found, not to fill the page. */
const MOST_SHOWN = 6

/** Whether a process is another node. Not one of ours: those have their own lock and their own words. */
export function isOtherNode({ command }: Pick<SeenProcess, 'command'>): boolean {
  if (PROGRAMS.test(programName(command).replace(/\.exe$/i, ''))) return true
  const module = command[command.indexOf('-m') + 1]
  return command.includes('-m') && module !== undefined && MODULES.test(module)
}

/** Other node software shares the same memory and ports (O-08). It is named, never touched; both may run. */
export const otherNodes: CheckDefinition = {
  id: 'other-nodes',
  title: 'Other node software',
  async look({ listProcesses: list = listProcesses }) {
    const others = (await list()).filter((seen) => seen.pid !== process.pid && isOtherNode(seen))
    if (others.length === 0) return pass('no other node software was found on this computer')
    const words = await Promise.all(
      others.slice(0, MOST_SHOWN).map(async ({ pid, command, ports }) => {
        const listening = ports.length > 0 ? ports : await portsOf(pid)
        const where = listening.length === 0 ? '' : `, port ${listening.slice(0, 4).join(' and ')}`
        return `${programName(command)} (process ${pid}${where})`
      }),
    )
    return warn('OTHER_NODE_SOFTWARE', `${counted(others.length, 'other program')}: ${words.join('; ')}`)
  },
}
