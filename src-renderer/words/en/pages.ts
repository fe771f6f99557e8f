import type { Page, PeerView } from '../../router'
import { counted } from '../counted'

export const PAGE_NAMES: Readonly<Record<Page, string>> = {
  overview: 'Overview',
  shards: 'Shards',
  peers: 'Peers',
  try: 'Try it',
  host: 'Host',
  diagnostics: 'Diagnostics',
  settings: 'Settings',
}

export const PEER_VIEW_NAMES: Readonly<Record<PeerView, string>> = {
  table: 'Table',
  capabilities: 'Capabilities',
  map: 'Map',
  path: 'Path',
}

export const DEMO_LINE: string = 'This node can’t leave this computer; nobody outside can see or use it.'

export const SHELL = {
  misfit: 'This page and the node are of different versions, so some of what it says was not understood.',
  reload: 'Reload the page',
  tryNow: 'Try now',
  dismiss: 'Dismiss',
  readOnly: 'Read-only link',
  readOnlyHint: 'This link shows the node and cannot change it.',
  noContact: 'No contact',
  pages: 'Pages',
}

export const OVERVIEW = {
  tryTitle: 'Try it',
  tryPlaceholder: 'Begin a text',
  trySend: 'Ask',
  tryLabel: 'Prompt',
  peersTitle: 'Peers',
  allPeers: 'All peers',
  noPeers: 'Nobody yet. The nodes that this one meets are listed here, with the blocks they serve.',
  noModel: 'No model yet',
  noModelStopped:
    'When the node starts, the host of the network says which model it serves and which blocks are yours.',
  noModelRunning: 'The host of the network says which model it serves and which blocks are yours. They grow here.',
}

export function othersWords(count: number): string {
  return counted(count, '# other node', '# other nodes')
}

/** The way into the network, as the card on the overview tells it while somebody decides. */
export const APPROVAL = {
  asked: 'You asked',
  answered: 'The coordinator last answered',
  waitingTitle: 'The host decides who joins',
  waitingText:
    'Nothing is downloaded and nothing runs until then. You can close this window; the node keeps asking quietly.',
  rejectedTitle: 'Your request was turned down',
  rejectedText: 'You can ask again, for instance after you have spoken with the host, or choose another network.',
  askAgain: 'Ask again',
  asking: 'Asking…',
  other: 'Choose another network',
}
