import type { LanguageChoice } from '../../../src-shared/language'
import type { Settings } from '../../../src-shared/settings'
import type { FieldName } from '../../settings-form'

export const FIELDS: Readonly<
  Record<FieldName, { label: string; hint: string; problem: string; placeholder?: string }>
> = {
  publicName: {
    label: 'Name that others see',
    hint: 'It goes to the coordinator and stands in the network’s records.',
    problem: 'Between 1 and 64 characters, without < and >.',
  },
  listenPort: {
    label: 'Port for other nodes',
    hint: 'The first port to try. When it is taken, the next free one is used.',
    problem: 'A whole number between 1,024 and 65,535.',
  },
  modelPath: {
    label: 'Model file',
    hint: 'A whole model on this computer, from which your blocks are cut; a running node looks into it at once. A demo brings its own.',
    problem: 'At most 4,096 characters.',
    placeholder: 'None chosen',
  },
  threads: {
    label: 'Compute threads',
    hint: 'More is faster until the processor is full, and more than its cores is refused. Left empty, one core stays free.',
    problem: 'A whole number between 1 and 512, or empty.',
    placeholder: 'Automatic',
  },
  offeredMemoryGb: {
    label: 'Memory to offer, in GB',
    hint: 'The coordinator is told no more than this, and never more than there is. Left empty, it is half.',
    problem: 'A whole number of GB, at least 1 and no more than this computer has, or empty.',
    placeholder: 'Half of it',
  },
  gpuMemoryGb: {
    label: 'Memory of the graphics card, in GB',
    hint: 'Blocks that need more than this stay on the processor. Left empty, all that is free may be used.',
    problem: 'A whole number of GB between 1 and 4,096, or empty.',
    placeholder: 'What is free',
  },
  requestedBlocks: {
    label: 'Blocks to ask for',
    hint: 'How many blocks of the model this computer would take. The host decides.',
    problem: 'A whole number between 1 and 1,000, or empty.',
    placeholder: 'The host decides',
  },
  diskCapGb: {
    label: 'Disk space for models, in GB',
    hint: 'When it is reached, what was used longest ago goes first; what is in use stays. It holds at once. Left empty, there is no limit.',
    problem: 'A whole number of GB between 1 and 1,000,000, or empty.',
    placeholder: 'No limit',
  },
  downloadMbitPerS: {
    label: 'Fetch at most, in Mbit/s',
    hint: 'From other nodes and web servers together. It holds at once.',
    problem: 'A whole number of Mbit/s between 1 and 1,000,000, or empty.',
    placeholder: 'No limit',
  },
  uploadMbitPerS: {
    label: 'Hand out at most, in Mbit/s',
    hint: 'To all nodes together. It holds at once.',
    problem: 'A whole number of Mbit/s between 1 and 1,000,000, or empty.',
    placeholder: 'No limit',
  },
  contextTokens: {
    label: 'Longest conversation',
    hint: 'In tokens, prompt and answer together. More needs more memory.',
    problem: 'A whole number between 64 and 131,072.',
  },
  maxSequences: {
    label: 'Conversations at once',
    hint: 'How many may pass through this computer at the same time.',
    problem: 'A whole number between 1 and 64.',
  },
  proxyUrl: {
    label: 'Web proxy',
    hint: 'Coordinators, web servers with models, the map and update notices are asked through it; other nodes are not. Left empty, HTTPS_PROXY counts. NO_PROXY always does.',
    problem: 'http://host:port or https://host:port, without name and password. Those can stand in HTTPS_PROXY.',
    placeholder: 'None',
  },
  caFile: {
    label: 'Certificates to trust as well',
    hint: 'A PEM file on the node’s computer, for networks whose proxy opens encrypted connections.',
    problem: 'At most 4,096 characters.',
    placeholder: 'None',
  },
  logDays: {
    label: 'Keep log files, in days',
    hint: 'It holds at once.',
    problem: 'A whole number between 1 and 3,650.',
  },
  logMib: {
    label: 'All log files together, in MiB',
    hint: 'The oldest go first.',
    problem: 'A whole number between 1 and 10,000.',
  },
}

/** What computes: the choice in the settings, and what came of it. */
export const SPEED = {
  title: 'Steps a second and block',
  hint: 'Single tokens through one block, as other nodes read it in this node’s records',
  measured: 'Speed measured on',
}

export const COMPUTE = {
  title: 'Computes on',
  hint: 'The device that your blocks lie on, by the memory that it reports as taken',
  onProcessor: 'Running on CPU',
  label: 'What computes',
  choiceHint: 'A graphics card is much faster. Where none works, it is the processor, and the Overview says why.',
  choices: {
    auto: 'Automatic',
    cpu: 'Processor',
    cuda: 'NVIDIA (CUDA)',
    vulkan: 'Any card (Vulkan)',
    metal: 'Apple (Metal)',
  } satisfies Readonly<Record<Settings['device'], string>>,
}

export const SETTINGS = {
  lead: 'How this computer takes part.',
  sections: {
    node: 'This node',
    engine: 'Model and computing',
    files: 'Files and line',
    web: 'Web access',
    log: 'Log files',
    accounts: 'Other services',
    window: 'Window',
    programs: 'Programs',
    checks: 'Checking others',
    network: 'Network',
  },
  seedsLabel: 'Hand shards to other nodes',
  seedsHint: 'Only pieces that were checked here, to nodes of the same network. It holds at once.',
  themeLabel: 'Colours',
  themeHint: 'Light paper, dark bark, or what the system says.',
  trayLabel: 'Keep running when the window closes',
  trayHint: 'The node stays in the tray, where the system has one.',
  placesLabel: 'Place peers on the map',
  placesHint:
    'By the country that an internet address is registered in. A table on this computer says which; nobody is asked.',
  checksLabel: 'Check answers by chance',
  checksHint:
    'Part of one answer in 20 is computed again by another node with the same blocks. It finds nodes that compute wrongly; the one that is asked can read that answer too. A node that disagrees is told why. From the next start on.',
  apiLabel: 'Let programs on this computer ask',
  apiHint:
    'Programs made for OpenAI’s API reach the network here, with the key. Every node on a route can read what they ask.',
  apiLanLabel: 'And programs in the local network',
  apiLanHint: 'They need the key too. It and the words travel unencrypted there.',
  apiAddress: 'Address',
  apiAddressHint: 'The base URL that a program asks for.',
  apiKey: 'Key',
  apiKeyHint: 'Whoever has it can use the network in your name. A click copies it.',
  save: 'Save',
  saving: 'Saving…',
  discard: 'Discard',
  unsaved: 'Not saved yet',
  problems: 'Some values need a look',
  changed: 'Somebody saved another value meanwhile',
  changedChoose: 'Choose at the field which one counts.',
  changedTo: (value: string) =>
    value === '' ? 'Saved elsewhere meanwhile: empty.' : `Saved elsewhere meanwhile: ${value}`,
  changedTake: 'Take that',
  changedKeep: 'Keep mine',
  nextStart: 'A running node uses these after its next start, unless the field says otherwise.',
  saved: 'Saved',
  leave: 'Leave this network…',
  leaveHint: 'The node stops and the choice is forgotten. Identity and files stay on this computer.',
  confirmTitle: 'Leave this network?',
  confirmText:
    'The node says goodbye and stops, and answers that pass through it now are cut off. To come back you ask the host again.',
  confirmTextDemo: 'The demo stops. You can start it again whenever you like.',
  confirmYes: 'Leave',
  leaving: 'Leaving…',
  confirmNo: 'Stay',
  readOnly: 'This link shows the settings and cannot change them.',
  loading: 'Reading the settings…',
  languageLabel: 'Language',
  languageHint: 'What the node itself reports, and the log, stay English.',
  languages: { system: 'As the system', en: 'English', de: 'Deutsch' } satisfies Record<LanguageChoice, string>,
  noNetwork: 'Named by the command line',
  noNetworkHint: 'Without a coordinator: it begins with the peers that it was started with.',
  demo: 'Demo on this computer',
  demoHint: 'Its own small network with a sample model.',
  apiAddressName: 'the address',
  apiKeyName: 'the key',
}
