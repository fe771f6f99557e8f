export const PEER_TALK = {
  title: 'Commands between nodes',
  lead: 'The last command to each node of this model and its answer, and whether that node knows what is loaded here. One that does not is told again within 30 seconds.',
  columns: ['Node', 'Answer', 'Knows your blocks', 'Last command', 'Connection'],
  nobody: 'No other node serves this model.',
  connected: (isConnected: boolean): string => (isConnected ? 'connected' : 'none now'),
  noCommand: 'none yet',
  underWay: 'under way',
  answered: (after: string) => `after ${after}`,
  sees: 'takes them for loaded',
  seesNot: 'does not, is told again',
  notAsked: 'not known',
}
