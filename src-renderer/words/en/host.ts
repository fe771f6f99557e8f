import type { HostReach } from '../../../src-shared/host-network'

export const HOST = {
  title: 'Host a network',
  lead: 'Run the coordinator of a network on this computer: you choose the model, and who may help to serve it.',
  readOnly: 'Only the operator of this node can host a network. Open the operator’s link.',
  loading: 'Asking what is hosted here…',
  noContact: 'Whether a network is hosted here is not known until the app answers again.',
  modelTitle: 'The model that the network serves',
  modelLabel: 'Model file',
  modelHint:
    'A whole GGUF file on this computer. It is read once and hashed; it is not copied, and not sent to anybody.',
  modelPlaceholder: '/models/model.gguf',
  modelEmpty: 'Enter the path of a model file.',
  reachTitle: 'Who can reach it',
  start: 'Host this network',
  stop: 'Stop hosting',
  cancel: 'Cancel',
  stopping: 'Stopping…',
  confirmTitle: 'Stop hosting?',
  confirmText:
    'Workers lose their coordinator; what they serve now goes on until they need it. Approvals, assignments and invites stay on this computer for the next time.',
  confirmNo: 'Keep hosting',
  invite: 'Make an invite',
  openDashboard: 'Open coordinator dashboard',
  shareTitle: 'Share this address',
  shareText: 'Others enter it under “The address of a coordinator”, and wait for your approval below.',
  address: 'the address',
  back: 'Back to the choice of a network',
  resumed: 'Hosting goes on because it was on when the app was left.',
  waitingFirst: 'Waiting for the coordinator’s first word…',
  copyName: 'a serving worker',
  noWorkersTitle: 'Nobody has come yet',
  noWorkersText: 'Share the address. Whoever asks to join shows up here, and waits for your decision.',
  more: 'The others are on the dashboard.',
  hashing: 'Hashing the model file',
  hashed: (done: string, total: string) =>
    `${done} of ${total}, so that workers can check every piece that they fetch.`,
  reading: 'Reading the model',
  readingText: 'Then every byte is hashed, and a test prompt runs through the whole model.',
  starting: 'Starting the coordinator',
  startingText: 'It opens its database and its first peer.',
  running: 'Hosting a network',
  ending: 'Stopping the coordinator',
  endingText: 'It writes down what it knows.',
  since: (span: string) => `for ${span}`,
}

export const REACHES: Readonly<Record<HostReach, { title: string; text: string }>> = {
  computer: {
    title: 'This computer only',
    text: 'For trying it out, or behind a proxy of your own that speaks HTTPS.',
  },
  network: {
    title: 'Everybody on the local network',
    text: 'Without encryption: whoever sits on that network can read what workers and coordinator say. Not for the internet.',
  },
}
