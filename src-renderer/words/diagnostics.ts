import type { Check, LogLine } from '../../src-shared/app-views'
import type { StatusShape } from '../../src-shared/status'

export const VERDICTS: Readonly<Record<Check['verdict'], { word: string; shape: StatusShape }>> = {
  pass: { word: 'passes', shape: 'visible' },
  warn: { word: 'warns', shape: 'degraded' },
  fail: { word: 'fails', shape: 'problem' },
  unknown: { word: 'not known', shape: 'waiting' },
}

export const DIAGNOSTICS = {
  run: 'Check again',
  running: 'Checking…',
  lead: 'What this computer can check by itself, and what the node says while it runs.',
  checksTitle: 'Checks',
  checking: 'Looking at each part of the node. This takes a few seconds.',
  none: 'The node has no checks to run.',
  failed: 'The checks could not be run',
} as const

export const FIXES = {
  mend: { identity: 'Close the file to others', port: 'Use the next free port' } as Readonly<Record<string, string>>,
  mendOther: 'Set it right',
  mending: 'Setting it right…',
  copyCommand: 'Copy the command',
} as const

export const NOTICES = {
  title: 'What other nodes hold against this one',
  lead: 'Each is one node’s word, with what it saw. Nothing follows from it but that this node is asked less there. Several that say the same are a reason to look: at the memory, the graphics card, and the model’s file.',
} as const

export const LOG = {
  title: 'Log',
  search: 'Search the log',
  level: 'Least level',
  levels: { debug: 'All', info: 'Info', warn: 'Warnings', error: 'Errors' } satisfies Record<LogLine['level'], string>,
  follow: 'Follow',
  followHint: 'Keep the newest line in view',
  copy: 'Copy',
  copied: 'Copied',
  copyFailed: 'Copying is not allowed here',
  empty: 'Nothing has been written yet.',
  loading: 'Reading the log…',
  nothing: 'No line matches.',
  clear: 'Show all',
  failed: 'The log could not be read',
  region: 'Log lines',
} as const

export function logCountWords(shown: number, all: number): string {
  const lines = (count: number) => (count === 1 ? '1 line' : `${count.toLocaleString('en')} lines`)
  return shown === all ? lines(all) : `${shown.toLocaleString('en')} of ${lines(all)}`
}

export function checksLead(checks: readonly Check[] | null): string {
  if (!checks || checks.length === 0) return DIAGNOSTICS.lead
  const count = (verdict: Check['verdict']) => checks.filter((check) => check.verdict === verdict).length
  const [fail, warn, unknown] = [count('fail'), count('warn'), count('unknown')]
  const all = checks.length === 1 ? '1 check' : `${checks.length} checks`
  const parts = [
    fail > 0 ? `${fail} ${fail === 1 ? 'fails' : 'fail'}` : '',
    warn > 0 ? `${warn} ${warn === 1 ? 'warns' : 'warn'}` : '',
    unknown > 0 ? `${unknown} could not be looked at` : '',
  ].filter((part) => part !== '')
  return parts.length === 0 ? `${all}, and all pass.` : `${all}: ${parts.join(', ')}.`
}
