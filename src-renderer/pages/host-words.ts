import type { HostReach, HostStatus } from '../../src-shared/host-network'
import { formatBytes, formatSpan } from '../format'

export const HOST = {
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
  shareText: 'Others enter it under “A network with a coordinator”, and wait for your approval below.',
  back: 'Back to the welcome page',
  resumed: 'Hosting goes on because it was on when the app was left.',
  waitingFirst: 'Waiting for the coordinator’s first word…',
  noWorkersTitle: 'Nobody has come yet',
  noWorkersText: 'Share the address. Whoever asks to join shows up here, and waits for your decision.',
  more: 'The others are on the dashboard.',
} as const

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

export function hostHeadline(host: HostStatus): { headline: string; sentence: string } {
  switch (host.phase) {
    case 'off':
      return { headline: 'Host a network', sentence: HOST.lead }
    case 'preparing':
      return host.progress
        ? { headline: 'Hashing the model file', sentence: progressWords(host.progress) }
        : {
            headline: 'Reading the model',
            sentence: 'Then every byte is hashed, and a test prompt runs through the whole model.',
          }
    case 'starting':
      return { headline: 'Starting the coordinator', sentence: 'It opens its database and its first peer.' }
    case 'running':
      return { headline: 'Hosting a network', sentence: HOST.shareText }
    case 'stopping':
      return { headline: 'Stopping the coordinator', sentence: 'It writes down what it knows.' }
  }
}

function progressWords({ done, total }: { done: number; total: number }): string {
  return `${formatBytes(done)} of ${formatBytes(total)}, so that workers can check every piece that they fetch.`
}

export function sinceWords(host: HostStatus, now: number): string {
  return `for ${formatSpan(Math.max(0, now - host.since))}`
}
