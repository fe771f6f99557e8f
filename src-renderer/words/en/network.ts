import { counted } from '../counted'

/** A network as its coordinator knows it: on the dashboard, and where the app hosts one. */
export const DASHBOARD = {
  title: 'Network',
  pageTitle: (headline: string) => `${headline} · Espalier network`,
  demo: 'Demo',
  demoLine: 'A network on one computer; nothing here is real work.',
  connectingHeadline: 'Asking the coordinator',
  connectingText: 'This page has not heard anything yet.',
  awayHeadline: 'The coordinator does not answer',
  awayText: 'What stands below is what it said last; it may have changed since.',
  awayNever: 'This page has heard nothing from it so far.',
  lastNews: (age: string) => `Last news ${age}.`,
  tryingAgain: (when: string) => `Trying again ${when}.`,
  tryNow: 'Try now',
  changed: 'Changed',
  readOnly: 'Read-only',
  readOnlyHint: 'You can look. Whoever has the admin token can decide.',
  signIn: 'I am the host',
  signOut: 'Give the token back',
  misfit: 'This page and the coordinator are of different versions, so some of what it says was not understood.',
  reload: 'Reload the page',
  dismiss: 'Dismiss',
  copyName: 'a serving worker',
  noModelTitle: 'No model is hosted',
  noModelText: 'Start the coordinator with a manifest; then its blocks grow here.',
}

/** Can this network answer, and if not, what is missing? */
export const NETWORK_STATE = {
  waiting: (workers: number) =>
    workers === 1 ? 'One worker waits for the host.' : `${workers} workers wait for the host.`,
  whole: 'Every block is served',
  wholeText: (serving: number, leastCopies: number) => {
    const who = serving === 1 ? 'One worker serves' : counted(serving, '# worker serves', '# workers serve')
    const copies = leastCopies === 1 ? 'some blocks once only' : `each block at least ${leastCopies} times`
    return `${who} the whole model, ${copies}, by their own report.`
  },
  nobodyYet: 'Nobody serves a block yet',
  arePreparing: 'Workers have their blocks and are preparing them.',
  notAssigned: 'Blocks are assigned when the host approves workers.',
  missing: (blocks: string, isOne: boolean, areMore: boolean) =>
    `${blocks}${areMore ? ' and others' : ''} ${isOne ? 'is' : 'are'} missing`,
  missingAssigned: 'They are assigned; their workers are preparing them.',
  missingNobody: 'Nobody has them, so no prompt gets through.',
  preparing: (blocks: string) => `${blocks}: assigned, not served yet.`,
  numbers: 'The network in numbers',
  covered: 'of the blocks served',
  counts: { serving: 'serving', preparing: 'preparing', standby: 'on standby', waiting: 'waiting', offline: 'offline' },
}

export const WORKER_STATES: Readonly<Record<string, string>> = {
  serving: 'Serving',
  online: 'Preparing',
  pending: 'Waiting',
  standby: 'Standby',
  offline: 'Offline',
  rejected: 'Rejected',
}

export const WORKERS = {
  title: 'Workers',
  noneTitle: 'No worker has come yet',
  noneText: 'Share the coordinator’s address. Whoever registers shows up here, and waits for the host’s decision.',
  noMatch: 'No worker matches.',
  filterLabel: 'Find a worker',
  filterPlaceholder: 'Name, id, device, state',
  columns: {
    name: 'Worker',
    state: 'State',
    blocks: 'Blocks, and why',
    device: 'Device',
    heard: 'Heard',
    tokens: 'Tokens',
  },
  /** Before a range, where no heading stands above it. */
  blocksLead: 'Blocks',
  /** After their number, likewise. */
  tokensUnit: 'tokens',
  actions: 'Actions',
  noName: 'Without a name',
  unnamed: 'this worker',
  id: 'the worker id',
  noDevice: 'Device not said',
  noMemory: 'no graphics memory',
  requests: (count: number) => counted(count, '# request', '# requests'),
  undecided: 'No blocks before the host has decided.',
  neverApproved: 'Not approved; it went away before.',
  rejected: 'Rejected by the host.',
  rejectedFor: (reason: string) => `Rejected: ${reason}`,
  notNeeded: 'No blocks are needed from it now.',
}

/** What a worker is told to load, by name: the command of the protocol keeps its own. */
export const LOAD_COMMAND = {
  send: 'Load again',
  sendLabel: (name: string) => `Send LOAD_SHARD to ${name} again`,
  cancel: 'Cancel load',
  cancelLabel: (name: string) => `Cancel what ${name} loads`,
  sending: 'Sending LOAD_SHARD…',
  sendingAgain: (attempt: number, attempts: number) => `Sending LOAD_SHARD, try ${attempt} of ${attempts}`,
  answered: (answer: string) => `LOAD_SHARD answered: ${answer}`,
  answers: {
    loading: 'it is loading',
    downloading: 'it is fetching',
    already_loaded: 'its blocks are loaded',
  } as Readonly<Record<string, string>>,
  heard: 'it has heard',
  bytes: (done: string, total: string) => `${done} of ${total}`,
  unreached: 'LOAD_SHARD did not reach it',
  refused: 'LOAD_SHARD refused',
  cancelling: 'Asking it to stop loading…',
  cancelled: 'Loading was cancelled',
  uncancelled: 'The cancellation did not get through',
}

export const PENDING = {
  title: 'Waiting for your decision',
  titleReader: 'Waiting for the host',
  requests: (count: number) => counted(count, '# request', '# requests'),
  asked: 'asked',
  more: (count: number) => (count === 1 ? '1 more waits behind these.' : `${count} more wait behind these.`),
}

export const DECIDING = {
  cancel: 'Cancel',
  approve: {
    title: (name: string) => `Approve ${name}?`,
    text: 'It gets blocks at once, if some are needed, and begins to fetch them.',
    reasonLabel: 'A word for its operator (optional)',
    reasonHint: 'They read it on their screen.',
    yes: 'Approve',
    busy: 'Approving…',
  },
  reject: {
    title: (name: string) => `Reject ${name}?`,
    text: 'It gets no blocks, and those that it has go back. Its operator may ask again.',
    reasonLabel: 'Why? They read it on their screen',
    reasonHint: 'For example: this network is for members of the reading group.',
    yes: 'Reject',
    busy: 'Rejecting…',
  },
  remove: {
    title: (name: string) => `Remove ${name}?`,
    text: 'Its blocks and its access end, and it leaves the list, with any rejection. Its app may ask to join again; to keep it out, reject it.',
    reasonLabel: 'Why? It is kept in the list of decisions',
    reasonHint: 'For example: this computer was sold.',
    yes: 'Remove',
    busy: 'Removing…',
  },
}

/** What became of a worker, or of the network; by the coordinator's own names. */
export const DECIDED: Readonly<Record<string, string>> = {
  registered: 'asked to join',
  approved: 'approved',
  'load-acknowledged': 'told to load',
  'load-cancelled': 'loading cancelled',
  rejected: 'rejected',
  assigned: 'got blocks',
  moved: 'got other blocks',
  standby: 'put on standby',
  offline: 'went silent',
  returned: 'came back',
  left: 'left',
  removed: 'removed',
  revoked: 'set back to waiting',
  forgotten: 'was forgotten',
  quantization: 'Quantization changed',
  'target-workers': 'Recommended split changed',
}

export const DECISIONS = {
  title: 'Decisions',
  none: 'Nothing was decided yet. Who decided what, when and why is kept here.',
  /** `who`: as the coordinator calls them. */
  by: (what: string, who: string) => `${what} by ${who}`,
}

export const USAGE = {
  title: 'Latest requests',
  none: 'Nobody has reported a request yet. Clients may, and need not.',
  served: (tokens: string) => `${tokens} tokens served by workers so far`,
  columns: { who: 'Asked by', prompt: 'Prompt', answer: 'Answer', workers: 'Workers', when: 'When' },
  somebody: 'somebody',
}

export const CONTROLS = {
  title: 'New assignments',
  hint: 'Applies to new assignments. Workers keep the blocks that they have.',
  target: 'Recommended split',
  targetHint: 'Into how many ranges the model is cut. Advice, not a limit.',
  saveTarget: 'Save the recommended split',
  quantization: 'Quantization',
  quantizationHint: 'Of the models that are hosted here, the one whose blocks are handed out.',
  quantizationOnly: 'Host the model in other quantizations too, and you can choose among them.',
  saveQuantization: 'Save the quantization',
  save: 'Save',
  saving: 'Saving…',
}

export const TOKEN_DIALOG = {
  title: 'The host’s token',
  text: 'The coordinator printed it once, when it first started. It stays in this tab and goes to this coordinator only. If it is lost, start the coordinator with --reset-admin-token.',
  label: 'Admin token',
  refused: 'The coordinator does not know this token. Compare it with what was printed, to the last character.',
  yes: 'Use it',
  no: 'Cancel',
}

export const INVITES = {
  title: 'Invites',
  text: 'A link that lets one worker in without a second question. It works once, and it ends by itself.',
  label: 'For whom (a note for you)',
  lifetime: 'How long it is good for',
  lifetimes: { hour: '1 hour', day: '1 day', week: '7 days' },
  make: 'Make an invite',
  show: 'Show',
  showOf: (name: string) => `Show ${name}`,
  revoke: 'Revoke',
  revokeOf: (name: string) => `Revoke ${name}`,
  revokeTokenOf: (name: string) => `Revoke the token of ${name}`,
  tokenHint: 'Revoking one ends its worker’s approval: it waits for you again, without blocks.',
  untitled: 'An invite',
  use: 'Open it on the other computer, or scan it. Whoever has it first can use it, once.',
  ends: (when: string) => `ends ${when}`,
  itEnds: (when: string) => `It ends ${when}.`,
  usedBy: (name: string) => `used by ${name}`,
  states: { used: 'used', revoked: 'revoked', expired: 'expired' } as Readonly<Record<string, string>>,
  pictureAlt: 'The invite as a QR code',
  copy: 'Copy the link',
  copyName: 'the invite',
  done: 'Done',
  tokens: (count: number) => counted(count, '# access token in use', '# access tokens in use'),
}
