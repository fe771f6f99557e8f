import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { release } from 'node:os'
import { basename, dirname } from 'node:path'
import * as z from 'zod'
import type { Device } from './protocol'

const ReportSchema = z.object({ sharedObjects: z.array(z.string()) })

/**
 * A mark that changes with the drivers: llama.cpp names devices, and no versions. It is made of the name, size and time of
 * every library in this process that is not llama.cpp's own (the driver's among them, once its devices were listed), and
 * the system's release, which on a Mac is the driver's. Undefined where only the processor computes, and where the
 * process can't say what it has loaded.
 */
export function driverMark(
  devices: readonly Device[],
  ownDirectory: string,
  loaded: () => readonly string[] = loadedLibraries,
): string | undefined {
  if (devices.every(({ kind }) => kind === 'cpu')) return undefined
  try {
    const others = loaded().filter((path) => dirname(path) !== ownDirectory)
    const marks = [...new Set(others)].toSorted().map((path) => {
      const file = statSync(path, { throwIfNoEntry: false })
      // An app that unpacks itself lies elsewhere at each start.
      return [basename(path), file?.size, file?.mtimeMs]
    })
    return createHash('sha256')
      .update(JSON.stringify([release(), marks]))
      .digest('hex')
      .slice(0, 16)
  } catch {
    return undefined
  }
}

function loadedLibraries(): readonly string[] {
  if (!process.report) return []
  // Otherwise it asks for the names of all addresses, which takes seconds.
  Object.assign(process.report, { excludeNetwork: true })
  return ReportSchema.parse(process.report.getReport()).sharedObjects
}
