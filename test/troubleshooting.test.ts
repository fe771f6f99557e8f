import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { ERROR_CODES } from '../src-shared/error-catalogue'

const MET_BY_WHO_IS_NEW = [
  ...['BAD_ARGUMENT', 'BOOTSTRAP_UNREACHABLE', 'CHAIN_INCOMPLETE', 'CLOCK_WRONG', 'COORDINATOR_UNREACHABLE'],
  ...['DATA_DIR_IN_USE', 'DISK_FULL', 'ENGINE_GONE', 'ENGINE_OUT_OF_MEMORY', 'IDENTITY_IN_USE', 'NODE_ALREADY_RUNNING'],
  ...['NODE_NOT_RUNNING', 'NOT_STORED', 'REQUEST_TIME_WRONG', 'SEEN_DIFFERENTLY', 'STALE_AFTER_SLEEP'],
]

it('H-46: the page of troubles names codes that there are, each once, and those that people meet first', async () => {
  const page = await readFile(new URL('../docs/troubleshooting.md', import.meta.url), 'utf8')
  const rows = page.split('\n').filter((line) => line.startsWith('| `'))
  const named = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, code]) => code))
  expect(new Set(named).size).toBe(named.length)
  expect(named.filter((code) => !(ERROR_CODES as readonly (string | undefined)[]).includes(code))).toEqual([])
  expect(MET_BY_WHO_IS_NEW.filter((code) => !named.includes(code))).toEqual([])
})
