import { chmod, mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { temporaryDirectory } from '../../test/models/temporary'
import { openDataDirectory } from './data-directory'
import { createEventLog } from './event-log'
import { writeLogFiles } from './log-files'
import { closeFolderToOthers, isOpenToOthers, warnIfOpen } from './owner-only'
import { lockDataDirectory } from './process-lock'

const modeOf = async (path: string) => (await stat(path)).mode & 0o777

async function folder(mode: number): Promise<string> {
  const path = join(await temporaryDirectory(), 'data')
  await mkdir(path)
  await chmod(path, mode)
  return path
}

describe.skipIf(process.platform === 'win32')('what others may do with the data directory', () => {
  it('nothing, also where it was there before: folder, lock and log', async () => {
    const root = await folder(0o755)
    await writeFile(join(root, 'node.lock'), '', { mode: 0o644 })
    await chmod(join(root, 'node.lock'), 0o644)
    await mkdir(join(root, 'logs'), { mode: 0o755 })
    await writeFile(join(root, 'logs/espalier.log'), '', { mode: 0o644 })
    const data = await openDataDirectory(root)
    const unlock = lockDataDirectory(data.root)
    const log = createEventLog(systemClock, null)
    const stop = writeLogFiles(log, data.logsDirectory)
    log.write('info', 'app.opened', 'here')
    stop()
    unlock()
    expect([await modeOf(root), await modeOf(data.logsDirectory)]).toEqual([0o700, 0o700])
    for (const file of ['node.lock', 'logs/espalier.log']) expect(await modeOf(join(root, file)), file).toBe(0o600)
  })

  it('a folder that many use stays as it is, and that is told', async () => {
    const everybodys = await folder(0o1777)
    closeFolderToOthers(everybodys)
    const home = await folder(0o755)
    closeFolderToOthers(home, home)
    const above = await folder(0o755)
    closeFolderToOthers(above, join(above, 'kim'))
    for (const path of [everybodys, home, above]) expect(isOpenToOthers(path)).toBe(true)
    const own = await folder(0o750)
    closeFolderToOthers(own, join(own, '../kim'))
    expect(isOpenToOthers(own)).toBe(false)
    const write = vi.fn()
    for (const path of [own, home]) warnIfOpen(path, { write })
    expect(write).toHaveBeenCalledExactlyOnceWith('warn', 'DATA_DIR_OPEN', expect.stringContaining(home))
  })
})
