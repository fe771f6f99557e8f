/** What the coordinator calls the state of this node, in its answers. */
export const ANSWERED_STATES: Readonly<Record<string, string>> = {
  pending: 'your request waits for the host',
  online: 'approved',
  standby: 'approved, on standby',
  offline: 'this node counts as offline',
  rejected: 'turned down',
}

export const COORDINATOR = {
  lead: (host: string) => `The coordinator at ${host}`,
  saysSo: (lead: string) => `${lead} says so`,
  says: (lead: string, what: string) => `${lead} says: ${what}`,
  answered: (lead: string) => `${lead} answered`,
  ofModel: (model: string) => ` of ${model}`,
  because: (reason: string) => `: “${reason}”`,
}
