import { formatWhole } from '../../format'
import { counted } from '../counted'

export const PEERS_PAGE = {
  empty: 'Nobody yet',
  emptyText: 'The nodes that this one meets are listed here, with the blocks they serve.',
  emptyStopped: 'A stopped node meets nobody. Start it on the overview.',
  columns: { name: 'Node', state: 'State', blocks: 'Blocks', seenAt: 'Last heard', roundTripMs: 'Round trip' },
  roundTripHint: 'The median time of a ping and its answer',
  unnamed: 'Unnamed',
  self: 'this computer',
  views: 'Show peers as',
  mapLoading: 'Unfolding the map…',
  mapFailed: 'The map could not be opened',
  lead: 'The nodes that this one meets, and what they serve.',
  someListed: (nodes: string, leftOut: number) =>
    `${nodes} are listed, ${formatWhole(leftOut)} more are not: yours, your neighbours’ and those online come first.`,
  oneOnline: (nodes: string) => `${nodes}, online.`,
  allOnline: (nodes: string) => `${nodes}, all online.`,
  someOnline: (nodes: string, online: number) => `${nodes}, ${formatWhole(online)} of them online.`,
  mapFailedText: 'This part of the page did not load; it needs contact with the node.',
  title: 'Peers',
  notMeasured: 'Not measured yet',
}

export const PATH = {
  title: 'The way of an answer',
  servers: 'who serves which blocks now',
  empty: 'No answer has passed since this page was opened. Ask something on Try it: its route is drawn here.',
  noServers: 'Nobody has said yet which blocks they serve.',
  compute: 'Compute',
  computeHint: 'Compute time of this stage per token, median, as the stage itself reports it',
  roundTrip: 'Round trip',
  used: 'used by the last answer',
  free: 'serves, not used',
  tokenTime: (total: string) => `A token took ${total}.`,
  tokenTimeSplit: (total: string, computed: string, stages: number) =>
    `A token took ${total}: ${computed} of computing in ${stages === 1 ? 'one stage' : `${stages} stages`}, the rest on the way and in choosing words.`,
}

export function moreServersWords(count: number): string {
  return counted(count, '# more node serves blocks.', '# more nodes serve blocks.')
}
