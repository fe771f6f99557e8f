import { say } from '.'
import { blockWords } from './node'

/** As the client of the coordinator quotes an answer; what comes from the host (model, reason) may hold anything. */
const QUOTED =
  /^[A-Z]+ \S+: HTTP \d{3}(?:, status (?<status>\w+))?(?:, layers (?:none|\[(?<start>\d+), (?<end>\d+)\)))?(?:, model (?<model>.*?))?(?:, by (?<by>.*?), reason (?<reason>.*))?$/s

/** What a coordinator said, in a sentence; words that are no quotation of an answer stay as they are. */
export function coordinatorWords(host: string, value: string): string {
  const { COORDINATOR, ANSWERED_STATES } = say
  const lead = COORDINATOR.lead(host)
  if (value === '') return COORDINATOR.saysSo(lead)
  const said = QUOTED.exec(value)?.groups
  if (!said) return COORDINATOR.says(lead, value)
  const { status, start, end, model, reason } = said
  if (!status) return COORDINATOR.answered(lead)
  const blocks =
    start !== undefined && end !== undefined ? `, ${blockWords([{ start: Number(start), end: Number(end) }])}` : ''
  const ofModel = blocks !== '' && model ? COORDINATOR.ofModel(model) : ''
  const because = reason ? COORDINATOR.because(reason) : ''
  return COORDINATOR.says(lead, `${ANSWERED_STATES[status] ?? status}${blocks}${ofModel}${because}`)
}
