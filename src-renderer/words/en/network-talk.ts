import { counted } from '../counted'

export const TALK = {
  title: 'Talk with other nodes',
  lead: 'Streams of each protocol since the node started, and calls of others that were refused.',
  protocol: 'Protocol',
  opened: 'By us',
  accepted: 'By others',
  refused: 'Refused',
  open: 'Open',
  whyRefused:
    'Each peer has a part of its own, and all share the rest. What goes beyond is refused before it costs much.',
  refusedEarly: (calls: number) =>
    counted(calls, '# call ended before it was said what for.', '# calls ended before it was said what for.'),
  loading: 'Asking the node…',
  stopped: 'The node does not run.',
  none: 'No stream yet.',
  failed: 'The node did not say',
  verbose: 'Write down what libp2p does',
  verboseHint: 'For 30 minutes, as debug lines in the log and its files. The lines name peers and addresses.',
  verboseUntil: 'As debug lines in the log and its files. Ends by itself at',
}
