import type { EventLog } from '../storage/event-log'

/** For what is looked at again and again: a warning when it turns bad or bad in another way, and not at every look. */
export interface SayOnce {
  /** `what` tells one trouble from another; texts with times and names in them would not. */
  warn(code: string, what: string, message: string): void
  /** All is well; says so after more than one look that had warned. */
  over(code: string): void
}

export function createSayOnce(log: Pick<EventLog, 'write'>): SayOnce {
  const standing = new Map<string, { what: string; times: number }>()

  function ended(code: string): string {
    const { what, times } = standing.get(code) ?? { what: '', times: 0 }
    standing.delete(code)
    return times > 1 ? `${what}, ${times} times` : ''
  }

  return {
    warn(code, what, message) {
      const before = standing.get(code)
      if (before?.what === what) {
        before.times++
        log.write('debug', code, message, { code: what, times: before.times })
        return
      }
      const earlier = ended(code)
      standing.set(code, { what, times: 1 })
      log.write('warn', code, earlier === '' ? message : `${message} (before: ${earlier})`, { code: what })
    },
    over(code) {
      const earlier = ended(code)
      if (earlier !== '') log.write('info', `${code}.over`, `well again, after ${earlier}`)
    },
  }
}
