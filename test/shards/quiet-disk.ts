import { setImmediate } from 'node:timers/promises'

const QUIET_TURNS = 5
/** What Node.js calls a call of `node:fs` that is under way, by promise or by callback, and a file that is being closed. */
const AT_WORK = new Set(['FSReqPromise', 'FSReqCallback', 'CloseReq'])

/**
 * Resolves when nobody in this process waits for the disk: made time must not go on while the disk takes its real time,
 * or a slow moment of it looks like a standstill.
 */
export async function quietDisk(): Promise<void> {
  const isBusy = () => process.getActiveResourcesInfo().some((name) => AT_WORK.has(name))
  for (let turns = 0; turns < QUIET_TURNS; turns = isBusy() ? 0 : turns + 1) await setImmediate()
}
