import { execFile } from 'node:child_process'

const LONGEST_MS = 4_000
const MOST_BYTES = 2 * 1024 * 1024

/**
 * What a program of the system prints, or null when it is not there, fails, takes longer than 4 s or says too much.
 * Only for looking: by its name on the search path, arguments given one by one, no shell.
 */
export function askProgram(name: string, args: readonly string[], signal?: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(
      name,
      [...args],
      {
        timeout: LONGEST_MS,
        maxBuffer: MOST_BYTES,
        windowsHide: true,
        killSignal: 'SIGKILL',
        ...(signal && { signal }),
      },
      (error, stdout) => resolve(error ? null : stdout),
    )
  })
}
