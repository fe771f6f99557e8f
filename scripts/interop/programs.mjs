// What the makers of the peers share: running other people's tools quietly, and saying why one of them failed.
import { spawnSync } from 'node:child_process'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Kept between runs: each of these peers takes minutes to build. */
export const CACHE = process.env.ESPALIER_INTEROP_CACHE ?? join(homedir(), '.cache', 'espalier-interop')

const WITHIN_MS = 1_800_000

/** @returns what it printed, or null; `failure` then says why in one line */
export function run(program, args, { env = {}, cwd } = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    env: { ...process.env, ...env },
    cwd,
    encoding: 'utf8',
    timeout: WITHIN_MS,
    maxBuffer: 64 * 1024 * 1024,
  })
  if (status === 0) return { stdout, failure: null }
  const words = (stderr ?? '').trim().split('\n').slice(-2).join(' ').slice(0, 400)
  return { stdout: null, failure: words || error?.message || `exit ${status}` }
}

export function isThere(program, args = ['--version']) {
  return run(program, args).failure === null
}
