import type { ErrorCode } from '../../src-shared/error-catalogue'
import { EspalierError, reportOf } from '../../src-shared/errors'

/** What an OpenAI client expects of a failed call. */
export interface ApiError {
  status: number
  body: { error: { message: string; type: string; param: string | null; code: string } }
}

const INVALID = 'invalid_request_error'
const AUTHENTICATION = 'authentication_error'
const BUSY = 'rate_limit_error'
const SERVER = 'server_error'

const KNOWN: Partial<Record<ErrorCode, { status: number; type: string; code?: string }>> = {
  BAD_ARGUMENT: { status: 400, type: INVALID, code: 'invalid_value' },
  PROMPT_TOO_LONG: { status: 400, type: INVALID, code: 'context_length_exceeded' },
  API_KEY_WRONG: { status: 401, type: AUTHENTICATION, code: 'invalid_api_key' },
  API_KEYS_TRIED: { status: 429, type: BUSY },
  API_HOST_UNKNOWN: { status: 403, type: INVALID },
  API_WEB_PAGE: { status: 403, type: INVALID },
  API_MODEL_UNKNOWN: { status: 404, type: INVALID, code: 'model_not_found' },
  API_PATH_UNKNOWN: { status: 404, type: INVALID, code: 'unknown_url' },
  NODES_BUSY: { status: 429, type: BUSY },
  SESSION_LIMIT: { status: 429, type: BUSY },
  CANCELLED: { status: 499, type: SERVER },
  TIMED_OUT: { status: 504, type: SERVER },
}
/** The network can't answer now, and may be able to in a moment. */
const NOT_NOW: readonly ErrorCode[] = [
  'NODE_STOPPED',
  'NODE_NOT_READY',
  'TOKENIZER_UNUSABLE',
  'CHAIN_INCOMPLETE',
  'STAGE_LOST',
  'ENGINE_GONE',
]

/** In OpenAI's shape; the message says what happened and what to do, as everywhere in the app. */
export function apiErrorOf(error: unknown, param: string | null = null): ApiError {
  const { code, cause, action } = reportOf(error)
  const known = KNOWN[code] ?? { status: NOT_NOW.includes(code) ? 503 : 500, type: SERVER }
  return {
    status: known.status,
    body: {
      error: { message: `${cause}. ${action}`, type: known.type, param, code: known.code ?? code.toLowerCase() },
    },
  }
}

/** A request that can't be met as it is; `param` names the field. */
export class RequestError extends EspalierError {
  constructor(
    readonly param: string | null,
    detail: string,
  ) {
    super('BAD_ARGUMENT', detail)
  }
}
