import type { NodeStatus, StatusShape } from '../../src-shared/status'
import type { Connection } from '../bridge/transport'
import { formatAge, formatIn } from '../format'

export interface Hero {
  shape: StatusShape
  headline: string
  sentence: string
}

/** While the page has no contact, the node's own words are old news and are not shown as the state. */
export function connectionHero(connection: Connection, status: NodeStatus | null): Hero {
  switch (connection.state) {
    case 'connecting':
      return { shape: 'working', headline: 'Connecting to the node', sentence: 'This takes a moment.' }
    case 'open':
      return {
        shape: 'working',
        headline: 'Reading the node’s state',
        sentence: 'The connection stands; the first snapshot is on its way.',
      }
    case 'retrying':
      return status
        ? {
            shape: 'waiting',
            headline: 'No contact with the node',
            sentence: 'It may have stopped, or may be starting again. What stands below is the last that was heard.',
          }
        : {
            shape: 'waiting',
            headline: 'The node does not answer',
            sentence:
              'Nothing listens at this address yet. Start the node on its computer; this page then opens by itself.',
          }
    case 'refused':
      return connection.why === 'no-token'
        ? {
            shape: 'problem',
            headline: 'This page needs the node’s link',
            sentence:
              'The link that the node prints when it starts holds a key. Open that one; the bare address is not enough.',
          }
        : {
            shape: 'problem',
            headline: 'This link is not valid here',
            sentence: 'The node does not know its key. Open the link that the node printed when it last started.',
          }
  }
}

export function retryWords(connection: Connection, receivedAt: number | null, now: number): string | null {
  if (connection.state !== 'retrying') return null
  const again = `Trying again ${formatIn(connection.retryAt - now)}.`
  return receivedAt === null ? again : `Last news ${formatAge(now - receivedAt)}. ${again}`
}
