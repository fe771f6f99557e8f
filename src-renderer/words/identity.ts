import type { IdentityView } from '../../src-shared/identity-view'
import { MIN_PASSPHRASE_CHARS } from '../../src-shared/identity-view'

export const IDENTITY = {
  title: 'Identity',
  loading: 'Reading the identity…',
  lead: 'The key that makes this node the same node after a restart. A backup brings it back, or moves it to another computer.',
  once: 'Run an identity on one computer only. Two nodes with one identity harm each other, and the second one stops.',
  export: 'Export…',
  import: 'Import…',
  pathLabel: 'File on the node’s computer',
  pathHint: 'The whole path. A file that is there already is never overwritten.',
  importHint: 'The whole path of a backup. The identity of now is kept beside it.',
  passphraseLabel: 'Passphrase',
  passphraseHint: `At least ${MIN_PASSPHRASE_CHARS} characters. Without it nobody can open the backup, you included.`,
  againLabel: 'The same again',
  againProblem: 'The two are not the same.',
  write: 'Write the backup',
  take: 'Take this identity',
  working: 'Working on it…',
  close: 'Close',
  mustStop: 'Stop the node to bring in another identity.',
  restore: 'Bring back the copy',
  renew: 'Begin with a new one…',
  renewTitle: 'Begin with a new identity?',
  renewText:
    'For everybody else this is a node that has never been there: it has to be approved again. What is left of the old one is kept.',
  renewYes: 'Begin anew',
  renewNo: 'Cancel',
} as const

export function identityWords({ state, peerId, problem, copyPeerId }: IdentityView): string {
  if (state === 'none') return 'None yet. It is made when the node starts for the first time.'
  if (state === 'whole') return peerId ?? ''
  const copy = copyPeerId === null ? '' : ` The copy beside it is ${copyPeerId}.`
  return `${problem}.${copy} Nothing is done about it by itself.`
}
