import { formatWhole } from '../../format'
import type { Catalogue } from '..'
import { counted } from '../counted'

export const WEEK: Catalogue['WEEK'] = {
  title: 'Die letzten sieben Tage',
  loading: 'Was gegeben wurde, wird gelesen\u00a0…',
  failed: 'Was gegeben wurde, konnte nicht gelesen werden',
  again: 'Erneut lesen',
  nothing: 'Noch nichts. Solange der Knoten bereitstellt, wird hier Tag für Tag gezählt, was er gibt.',
  demo: 'Eine Demo dient der Anschauung und wird nicht gezählt.',
  firstDay: 'Der erste Tag, der gezählt wird. Die nächsten stehen daneben.',
  asTable: 'Als Tabelle',
  caption: 'In den letzten sieben Tagen gegeben',
  day: 'Tag',
  tokens: 'Token',
  requests: 'Anfragen',
  running: 'Laufzeit',
  today: 'Heute',
  notCounted: 'noch nicht gezählt',
  ran: 'Der Balken unter einem Tag: wie viel davon der Knoten lief',
  thousands: (count) => `${count}\u00a0k`,
  dayGiven: (tokens, requests, span) =>
    `${counted(tokens, '# Token', '# Token')}, ${counted(requests, '# Anfrage', '# Anfragen')}, Laufzeit ${span}`,
  given: (tokens, requests) => `${formatWhole(tokens)} Token für ${counted(requests, '# Anfrage', '# Anfragen')}`,
  sum: (tokens) => `${tokens} Token`,
  mostOn: (day) => `, die meisten am ${day}`,
}
