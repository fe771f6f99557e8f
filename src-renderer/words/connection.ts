import type { NodeStatus, StatusShape } from '../../src-shared/status'
import type { Connection } from '../bridge/transport'
import { formatAge, formatIn } from '../format'
import { say } from '.'

export interface Hero {
  shape: StatusShape
  headline: string
  sentence: string
}

/** While the page has no contact, the node's own words are old news and are not shown as the state. */
export function connectionHero(connection: Connection, status: NodeStatus | null): Hero {
  const { CONNECTION } = say
  switch (connection.state) {
    case 'connecting':
      return { shape: 'working', ...CONNECTION.connecting }
    case 'open':
      return { shape: 'working', ...CONNECTION.open }
    case 'retrying':
      return { shape: 'waiting', ...(status ? CONNECTION.lost : CONNECTION.never) }
    case 'refused':
      return { shape: 'problem', ...(connection.why === 'no-token' ? CONNECTION.noToken : CONNECTION.badToken) }
  }
}

export function retryWords(connection: Connection, receivedAt: number | null, now: number): string | null {
  if (connection.state !== 'retrying') return null
  const again = say.CONNECTION.again(formatIn(connection.retryAt - now))
  return receivedAt === null ? again : `${say.CONNECTION.lastNews(formatAge(now - receivedAt))} ${again}`
}
