import type { WelcomeStep } from '../../router'
import type { Way } from '../../stores/welcome-store'
import { counted } from '../counted'

export const WELCOME = {
  /** `short`: among the steps. */
  steps: {
    what: {
      short: 'What it is',
      title: 'Lend a branch of this computer',
      lead: 'Espalier joins this computer to others that together run one large language model. Each serves a few of the model’s blocks.',
    },
    network: {
      short: 'Network',
      title: 'Choose a network',
      lead: 'You can look at one before you join it. Looking tells it nothing about this computer.',
    },
    computer: {
      short: 'This computer',
      title: 'What this computer gives',
      lead: 'You decide how much. All of it can be changed later, in the settings.',
    },
  } satisfies Record<WelcomeStep, { short: string; title: string; lead: string }>,
  progress: 'Steps of the first run',
  back: 'Back',
  cancel: 'Cancel',
  chooseNetwork: 'Choose a network',
  goOn: 'Go on',
  setUpHosting: 'Go on to hosting',
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
  urlLabel: 'Address of the coordinator',
  inviteLabel: 'Invite link',
  nameLabel: 'Name that others see',
  nameHint: 'Made up for this installation; it says nothing about you. Change it as you like.',
  beginText: 'You can stop at any moment on the overview, and leave the network in the settings.',
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

export const WAYS: Readonly<Record<Way, { title: string; text: string }>> = {
  invite: {
    title: 'I have an invite',
    text: 'A link or a QR code from the host of a network. It lets you in at once.',
  },
  lan: { title: 'A network near me', text: 'Asks your local network who hosts one there.' },
  address: {
    title: 'The address of a coordinator',
    text: 'Its host decides whom to take, and which blocks are yours.',
  },
  host: { title: 'Host a network of my own', text: 'You choose the model, and who may help to serve it.' },
  demo: {
    title: 'A demo on this computer',
    text: 'A small network of its own with a sample model. Nothing leaves this computer.',
  },
}

export const LAN = {
  title: 'Networks near you',
  asking: 'Asking your local network…',
  nobody:
    'Nobody hosts a network here, or their computer does not answer. An address or an invite leads there as well.',
  unavailable: 'Networks cannot be found from here',
  found: (count: number) => counted(count, 'One network answered.', '# networks answered.'),
  nameless: 'A network that names no model',
  unvouched: 'was found on your local network. Nobody vouches for it.',
  own: 'is hosted on this computer.',
  again: 'Look again',
  none: 'Choose one of the networks that were found.',
}

/** An invite's QR code, out of a picture. */
export const SCAN = {
  lead: 'Or read its QR code: drop a picture or screenshot here, paste it, or choose a file. It does not leave this page.',
  choose: 'Choose a picture',
  reading: 'Reading the picture…',
  found: 'The invite was read from the picture.',
  noCode: 'No QR code was found in this picture. A screenshot of the whole code, with its white edge, works best.',
  noPicture: 'This is no picture that can be read here. PNG, JPEG, WebP and GIF can.',
  tooLarge: 'This picture is larger than 20 MB. A screenshot of the code alone is enough.',
  noInvite: (text: string) => `This QR code holds no invite, but “${text}”.`,
  failed: 'The reader could not be loaded. Paste the link instead, or try again.',
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
