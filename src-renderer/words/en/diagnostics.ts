import type { Check, LogLine } from '../../../src-shared/app-views'
import { formatWhole } from '../../format'
import { counted } from '../counted'

export const VERDICTS: Readonly<Record<Check['verdict'], string>> = {
  pass: 'passes',
  warn: 'warns',
  fail: 'fails',
  unknown: 'not known',
}

export const DIAGNOSTICS = {
  run: 'Check again',
  running: 'Checking…',
  lead: 'What this computer can check by itself, and what the node says while it runs.',
  checksTitle: 'Checks',
  checking: 'Looking at each part of the node. This takes a few seconds.',
  none: 'The node has no checks to run.',
  failed: 'The checks could not be run',
  all: (count: number) => counted(count, '# check', '# checks'),
  allPass: (all: string) => `${all}, and all pass.`,
  fail: (count: number) => counted(count, '# fails', '# fail'),
  warn: (count: number) => counted(count, '# warns', '# warn'),
  unknown: (count: number) => `${formatWhole(count)} could not be looked at`,
}

export const FIXES = {
  mend: { identity: 'Close the file to others', port: 'Use the next free port' } as Readonly<Record<string, string>>,
  mendOther: 'Set it right',
  mending: 'Setting it right…',
  copyCommand: 'Copy the command',
}

export const NOTICES = {
  title: 'What other nodes hold against this one',
  lead: 'Each is one node’s word, with what it saw. Nothing follows from it but that this node is asked less there. Several that say the same are a reason to look: at the memory, the graphics card, and the model’s file.',
}

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
  lines: (count: number) => counted(count, '# line', '# lines'),
  some: (shown: number, all: string) => `${formatWhole(shown)} of ${all}`,
}
