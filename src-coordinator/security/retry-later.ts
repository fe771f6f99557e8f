import { EspalierError } from '../../src-shared/errors'

/** COORDINATOR_BUSY with how long to wait; the error handler sends it as `Retry-After`. */
export class RetryLater extends EspalierError {
  constructor(
    detail: string,
    readonly retryAfterS: number,
  ) {
    super('COORDINATOR_BUSY', detail)
  }
}
