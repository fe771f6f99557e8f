import type { ErrorCode } from '../../src-shared/error-catalogue'
import type { ErrorBody, Frame } from './frames'

/** Codes that builds before BOUND_PROTOCOL do not know: they would take the frame for none. */
const NEWER_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'SESSION_REPLAYED',
  'STAGE_NOT_APPROVED',
  'TOKEN_NOT_BOUND',
])

/** The frame as a stream of an older version carries it: without what only BOUND_PROTOCOL has. */
export function forOlderStream(frame: Frame): Frame {
  switch (frame.type) {
    case 'open': {
      const { binding: _, ...body } = frame.body
      return { ...frame, body }
    }
    case 'mend': {
      const { binding: _, ...body } = frame.body
      return { ...frame, body }
    }
    case 'checked': {
      const { token: _, progress: __, ...body } = frame.body
      return { ...frame, body }
    }
    case 'error':
    case 'part':
      return { ...frame, body: inOlderWords(frame.body) }
    default:
      return frame
  }
}

function inOlderWords(body: ErrorBody): ErrorBody {
  return NEWER_CODES.has(body.code) ? { ...body, code: 'PROTOCOL_VIOLATION' } : body
}
