export const WELCOME = {
  pageTitle: 'Welcome',
  title: 'Lend a branch of this computer',
  lead: 'Espalier joins this computer to others that together run one large language model. Each serves a few of the model’s blocks.',
  whatTitle: 'What it does, and what it does not promise',
  does: [
    'Fetches only the blocks that the host of a network assigns, and checks every piece against its hash.',
    'Computes with them for others while it runs, and stops when you say so.',
    'Says “visible” only when another computer has seen it.',
  ],
  doesNot: [
    'Privacy of prompts: every node on a route can read what passes through it.',
    'Speed: an answer waits for the slowest node and the longest way.',
    'Payment, or a right to be served by others.',
  ],
  doesLead: 'It does',
  doesNotLead: 'It does not promise',
  chooseTitle: 'Choose a network',
  demo: 'A demo on this computer',
  demoText: 'A small network of its own with a sample model. Nothing leaves this computer.',
  coordinator: 'A network with a coordinator',
  coordinatorText: 'Its host decides whom to take, and which blocks are yours.',
  urlLabel: 'Address of the coordinator, or an invite',
  urlPlaceholder: 'https://coordinator.example or espalier://invite?…',
  nameLabel: 'Name that others see',
  nameHint: 'Made up for this installation; it says nothing about you. Change it as you like.',
  beginTitle: 'Begin',
  beginText: 'You can stop at any moment on the overview, and leave the network in the settings.',
  host: 'Or host a network of your own.',
  willSend: 'Exactly this will be sent when you ask to join',
  willSendNothing: 'Looking has told the coordinator nothing about this computer.',
  demoNetwork: 'A demo network: real nodes cannot join it.',
  insecureWord: 'unencrypted',
  insecureLabel: 'To send it unencrypted all the same, type “unencrypted”',
  insecureHint: 'Everybody on the way could read your node’s name and addresses, and change what the coordinator says.',
  readOnly: 'Nobody has chosen a network on this computer yet, and this link cannot do it. Open the operator’s link.',
  looking: 'Looking…',
  look: 'Look at this network',
  startDemo: 'Start the demo',
  join: 'Ask to join',
  lookAtInvite: 'Look at this invite',
  joinInvited: 'Join with this invite',
  inviteTitle: 'A good invite',
  joining: 'Joining…',
}

export const URL_PROBLEMS = {
  empty: 'Enter the address that the host of the network gave you.',
  bad: 'This is not a web address. It is a name like network.example, or begins with https://, or with http:// on your own network.',
  token: 'This is a capability token, which a node gets once it is in. An invite begins with espalier://invite.',
}

export const PREVIEW = {
  model: 'Model',
  noModel: 'none chosen yet',
  blocks: 'Blocks',
  unknown: 'not known',
  online: 'Nodes online',
  covered: 'Blocks covered',
  unsaid: 'not said',
  /** Whose it is, until when, and for how many: read before it is used. */
  invite: (coordinatorUrl: string, until: string) =>
    `from ${coordinatorUrl}, until ${until}. It lets one node in, at once and without waiting for the host.`,
}
