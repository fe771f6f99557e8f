export const CONNECTION = {
  connecting: { headline: 'Connecting to the node', sentence: 'This takes a moment.' },
  open: {
    headline: 'Reading the node’s state',
    sentence: 'The connection stands; the first snapshot is on its way.',
  },
  lost: {
    headline: 'No contact with the node',
    sentence: 'It may have stopped, or may be starting again. What stands below is the last that was heard.',
  },
  never: {
    headline: 'The node does not answer',
    sentence: 'Nothing listens at this address yet. Start the node on its computer; this page then opens by itself.',
  },
  noToken: {
    headline: 'This page needs the node’s link',
    sentence:
      'The link that the node prints when it starts holds a key. Open that one; the bare address is not enough.',
  },
  badToken: {
    headline: 'This link is not valid here',
    sentence: 'The node does not know its key. Open the link that the node printed when it last started.',
  },
  again: (when: string) => `Trying again ${when}.`,
  lastNews: (age: string) => `Last news ${age}.`,
}
