export interface SseEvent {
  /** Of this event or the last one that had an id. */
  id: string
  name: string
  data: string
}

/** A coordinator with thousands of workers sends a few megabytes at once; more is a broken or hostile one. */
const MAX_EVENT_CHARS = 16 * 1024 * 1024

/**
 * Reads text/event-stream as it arrives, in whatever pieces. `feed` returns the events that are complete.
 * Throws RangeError when one event grows past all measure. Rules: HTML standard, section 9.2.6.
 */
export function createSseParser() {
  let rest = ''
  let id = ''
  let name = ''
  let data: string[] = []
  let dataChars = 0

  function takeLine(line: string): SseEvent | null {
    if (line === '') {
      const event = data.length > 0 ? { id, name: name || 'message', data: data.join('\n') } : null
      name = ''
      data = []
      dataChars = 0
      return event
    }
    const colon = line.indexOf(':')
    if (colon === 0) return null
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'data') {
      dataChars += value.length
      if (dataChars > MAX_EVENT_CHARS) throw new RangeError('an event is too large')
      data.push(value)
    } else if (field === 'event') name = value
    else if (field === 'id' && !value.includes('\0')) id = value
    return null
  }

  return {
    feed(chunk: string): SseEvent[] {
      rest += chunk
      // A carriage return at the very end may be half of a line's end.
      const isCut = rest.endsWith('\r')
      const lines = (isCut ? rest.slice(0, -1) : rest).split(/\r\n|\n|\r/)
      rest = (lines.pop() ?? '') + (isCut ? '\r' : '')
      if (rest.length > MAX_EVENT_CHARS) throw new RangeError('an event is too large')
      return lines.map(takeLine).filter((event) => event !== null)
    },
  }
}
