import { formatWhole } from '../../format'
import { counted } from '../counted'

export const WEEK = {
  title: 'Last seven days',
  loading: 'Reading what was given…',
  failed: 'What was given could not be read',
  again: 'Read again',
  nothing: 'Nothing yet. While the node serves, what it gives is counted here day by day.',
  demo: 'A demo is for show, and is not counted.',
  firstDay: 'The first day that is counted. The next ones stand beside it.',
  asTable: 'As a table',
  caption: 'Given in the last seven days',
  day: 'Day',
  tokens: 'Tokens',
  requests: 'Requests',
  running: 'Ran for',
  today: 'Today',
  notCounted: 'not counted yet',
  ran: 'The bar below a day: how much of it the node ran',
  /** Between 10,000 and a million, above a bar. */
  thousands: (count: number) => `${count}\u00a0k`,
  dayGiven: (tokens: number, requests: number, span: string) =>
    `${counted(tokens, '# token', '# tokens')}, ${counted(requests, '# request', '# requests')}, ran for ${span}`,
  given: (tokens: number, requests: number) =>
    `${formatWhole(tokens)} tokens for ${counted(requests, '# request', '# requests')}`,
  sum: (tokens: string) => `${tokens} tokens`,
  mostOn: (day: string) => `, most on ${day}`,
}
