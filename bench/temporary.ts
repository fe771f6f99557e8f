import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A directory for the time of `work`. It goes with the process too: what lies there may be gigabytes. */
export async function inTemporaryDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'espalier-bench-'))
  const onExit = () => rmSync(directory, { recursive: true, force: true })
  process.once('exit', onExit)
  try {
    return await work(directory)
  } finally {
    process.off('exit', onExit)
    await rm(directory, { recursive: true, force: true })
  }
}
