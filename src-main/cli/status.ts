import { dataDirectoryAt } from '../storage/data-directory'
import { askRunning } from './ask-running'
import { statusText } from './status-text'

/** What the running node says. Exits 0 when others see it, 1 when not. */
export async function status(options: { dataDir?: string; json: boolean }): Promise<void> {
  // A question must not leave a directory behind.
  const data = dataDirectoryAt(options.dataDir)
  const found = await askRunning(data.root, 'status.get')
  process.stdout.write(options.json ? `${JSON.stringify(found)}\n` : `${statusText(found)}\n`)
  if (found.shape !== 'visible') process.exitCode = 1
}
