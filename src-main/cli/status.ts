import type { NodeStatus } from '../../src-shared/status'
import { dataDirectoryAt } from '../storage/data-directory'
import { askRunning } from './ask-running'
import { statusText } from './status-text'

/** What the running node says. Exits as `exitCodeOf` says; 1 when none answers. */
export async function status(options: { dataDir?: string; answers: boolean; json: boolean }): Promise<void> {
  // A question must not leave a directory behind.
  const data = dataDirectoryAt(options.dataDir)
  const found = await askRunning(data.root, 'status.get')
  process.stdout.write(options.json ? `${JSON.stringify(found)}\n` : `${statusText(found)}\n`)
  process.exitCode = exitCodeOf(found, options)
}

/**
 * 0 when others see the node, 1 when not. With `answers` 0 as soon as it says anything: whatever restarts a node that is
 * called unwell must not restart one that waits for its host, its model or its network, since it would begin anew.
 */
export function exitCodeOf({ shape }: Pick<NodeStatus, 'shape'>, { answers }: { answers: boolean }): 0 | 1 {
  return answers || shape === 'visible' ? 0 : 1
}
