import { spawn } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src-shared/clock'
import { openDataDirectory } from '../../storage/data-directory'
import type { DiagnosticsContext } from '../check'
import { isOtherNode, otherNodes } from '../other-nodes'
import { startEntries } from '../start-entries'
import { fromPs, fromTasklist, listProcesses, portsOf } from './processes'
import { findStartEntries, removalCommand, type StartEntry } from './start-entries'

let root: string
let context: DiagnosticsContext
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'espalier-machine-'))
  context = {
    ...{ clock: systemClock, fetch: globalThis.fetch, data: await openDataDirectory(join(root, 'data')) },
    ...{ listenPort: 0, coordinatorUrl: null, bootstraps: [], status: null, running: null },
    ...{ modelPath: null, manifestPath: null, startsAtLogin: false, findStartEntries: async () => [] },
    listProcesses: async () => [],
    spawnEngine: () => {
      throw new Error('no engine here')
    },
  }
})
afterEach(() => rm(root, { recursive: true, force: true }))
const signal = new AbortController().signal

describe('O-08: other node software', () => {
  it.skipIf(process.platform !== 'linux')(
    'O-08: a process named p2pd is listed with its id and its port, and nothing is refused',
    async () => {
      const program = join(root, 'p2pd')
      await copyFile(process.execPath, program)
      const listen =
        "require('node:net').createServer().listen(0,'127.0.0.1',function(){console.log(this.address().port)})"
      const child = spawn(program, ['-e', listen], { stdio: ['ignore', 'pipe', 'inherit'] })
      try {
        const port = Number(await new Promise((resolve) => child.stdout.once('data', resolve)))
        const found = await otherNodes.look({ ...context, listProcesses: () => listProcesses() }, signal)
        expect(found).toMatchObject({ verdict: 'warn', code: 'OTHER_NODE_SOFTWARE' })
        expect(found.evidence).toContain(`p2pd (process ${child.pid}, port ${port})`)
      } finally {
        child.kill('SIGKILL')
      }
    },
  )

  it('knows programs and Python’s modules, and nothing that only mentions them', () => {
    const yes = [
      ['/opt/kwaainet'],
      ['p2pd', '-listen', '/unix/tmp/p2pd.sock'],
      ['python3', '-m', 'petals.cli.run_server', 'model'],
      ['C:\\Program Files\\kwaai\\kwaainet.exe'],
    ]
    const no = [
      ['vim', 'petals.md'],
      ['node', 'out/main/cli.js'],
      ['python3', '-m', 'http.server'],
      ['exodus'],
      ['bash', '-c', 'p2pd'],
    ]
    for (const command of yes) expect(isOtherNode({ command }), command.join(' ')).toBe(true)
    for (const command of no) expect(isOtherNode({ command }), command.join(' ')).toBe(false)
  })

  it('reads what other systems list', () => {
    expect(fromPs('  12 /usr/bin/p2pd -x\n')).toEqual([{ pid: 12, command: ['/usr/bin/p2pd', '-x'], ports: [] }])
    expect(fromTasklist('"kwaainet.exe","44","Console","1","8,000 K"\r\n')).toEqual([
      { pid: 44, command: ['kwaainet.exe'], ports: [] },
    ])
  })

  it.skipIf(process.platform !== 'linux')('finds the ports of a process', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    expect(await portsOf(process.pid)).toContain(port)
    await new Promise((resolve) => server.close(resolve))
    expect(await portsOf(process.pid)).not.toContain(port)
  })
})

describe('O-13: what the system starts by itself', () => {
  it('O-13: entries are shown with a command to copy, and are not touched', async () => {
    const folder = join(root, 'systemd')
    await mkdir(folder)
    await writeFile(join(folder, 'kwaainet.service'), '[Service]\nExecStart=/opt/kwaainet serve\n')
    await writeFile(join(folder, 'other.service'), '[Service]\n# like petals\nExecStart=/usr/bin/true\n')
    await writeFile(join(folder, 'hidden.service'), '[Service]\nExecStart=/usr/bin/python3 -m petals.cli.run_server\n')
    const find = () => findStartEntries([{ kind: 'systemd-user', folder }])
    const found = await startEntries.look({ ...context, findStartEntries: find }, signal)
    expect(found).toMatchObject({ verdict: 'warn', code: 'START_ENTRY_FOUND' })
    expect(found.command?.split('\n').sort()).toEqual([
      'systemctl --user disable --now hidden.service',
      'systemctl --user disable --now kwaainet.service',
    ])
    expect((await find()).length).toBe(2)
  })

  it('O-13: a Mac’s launch agents are found by what they run, and each kind has the command of its system', async () => {
    const folder = join(root, 'LaunchAgents')
    await mkdir(folder)
    await writeFile(join(folder, 'org.example.plist'), '<array>\n  <string>/opt/petals/run</string>\n</array>\n')
    await writeFile(join(folder, 'org.other.plist'), '<array>\n  <string>/usr/bin/true</string>\n</array>\n')
    const findStart = () => findStartEntries([{ kind: 'launchd', folder }])
    const found = await startEntries.look({ ...context, findStartEntries: findStart }, signal)
    expect(found).toMatchObject({ verdict: 'warn', code: 'START_ENTRY_FOUND' })
    expect(found.command).toMatch(/^(sudo )?launchctl .*org\.example/)
    expect(found.command).not.toContain('other')
    const task: StartEntry = { kind: 'windows-task', name: 'kwaainet', where: 'Task Scheduler' }
    const shown = await startEntries.look({ ...context, findStartEntries: async () => [task] }, signal)
    expect(shown.command).toBe('schtasks /delete /tn "kwaainet"')
  })

  it.skip('O-13: Windows lists its tasks and the programs of its Run key (needs Windows)', () => undefined)

  it('O-18: our own entry is right when its owner chose it, and something to look at when not', async () => {
    const own: StartEntry = {
      kind: 'desktop',
      name: 'espalier.desktop',
      where: '/home/kim/.config/autostart/espalier.desktop',
    }
    const look = (startsAtLogin: boolean) =>
      startEntries.look({ ...context, startsAtLogin, findStartEntries: async () => [own] }, signal)
    expect(await look(true)).toMatchObject({ verdict: 'pass' })
    expect(await look(false)).toMatchObject({ verdict: 'warn', command: `rm ${own.where}` })
    expect(await startEntries.look(context, signal)).toMatchObject({ verdict: 'pass' })
  })

  it('a name cannot break out of the command', () => {
    const entry: StartEntry = { kind: 'systemd-user', name: "x'; rm -rf ~; '.service", where: '' }
    expect(removalCommand(entry)).toBe(`systemctl --user disable --now 'x'\\''; rm -rf ~; '\\''.service'`)
  })
})
