import { formatBlocks } from '../../src-shared/blocks'

const STATUSES: Readonly<Record<string, string>> = {
  pending: 'your request waits for the host',
  online: 'approved',
  standby: 'approved, on standby',
  offline: 'this node counts as offline',
  rejected: 'turned down',
}

/** As the client of the coordinator quotes an answer; what comes from the host (model, reason) may hold anything. */
const QUOTED =
  /^[A-Z]+ \S+: HTTP \d{3}(?:, status (?<status>\w+))?(?:, layers (?:none|\[(?<start>\d+), (?<end>\d+)\)))?(?:, model (?<model>.*?))?(?:, by (?<by>.*?), reason (?<reason>.*))?$/s

/** What a coordinator said, in a sentence; words that are no quotation of an answer stay as they are. */
export function coordinatorWords(host: string, value: string): string {
  const lead = `The coordinator at ${host}`
  if (value === '') return `${lead} says so`
  const said = QUOTED.exec(value)?.groups
  if (!said) return `${lead} says: ${value}`
  const { status, start, end, model, reason } = said
  if (!status) return `${lead} answered`
  const blocks =
    start !== undefined && end !== undefined
      ? `, blocks ${formatBlocks({ start: Number(start), end: Number(end) })}`
      : ''
  const ofModel = blocks !== '' && model ? ` of ${model}` : ''
  const because = reason ? `: “${reason}”` : ''
  return `${lead} says: ${STATUSES[status] ?? status}${blocks}${ofModel}${because}`
}
