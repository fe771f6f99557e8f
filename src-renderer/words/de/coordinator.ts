import type { Catalogue } from '..'

export const ANSWERED_STATES: Catalogue['ANSWERED_STATES'] = {
  pending: 'Ihre Anfrage wartet auf den Host',
  online: 'angenommen',
  standby: 'angenommen, in Reserve',
  offline: 'dieser Knoten gilt als offline',
  rejected: 'abgelehnt',
}

export const COORDINATOR: Catalogue['COORDINATOR'] = {
  lead: (host) => `Der Coordinator auf ${host}`,
  saysSo: (lead) => `${lead} sagt es`,
  says: (lead, what) => `${lead} sagt: ${what}`,
  answered: (lead) => `${lead} hat geantwortet`,
  ofModel: (model) => ` von ${model}`,
  because: (reason) => `: „${reason}“`,
}
