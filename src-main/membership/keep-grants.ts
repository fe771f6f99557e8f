import type { CoordinatorApi } from '../coordinator/coordinator-api'
import type { TokenKeeper } from './token-keeper'

/** The same API, with what each answer to a worker grants handed to the keeper. An answer without takes the token back. */
export function keepGrants(api: CoordinatorApi, keeper: Pick<TokenKeeper, 'accept'>): CoordinatorApi {
  return {
    ...api,
    async register(body, call) {
      const answer = await api.register(body, call)
      keeper.accept(answer.value.capability)
      return answer
    },
    async heartbeat(body, call) {
      const answer = await api.heartbeat(body, call)
      keeper.accept(answer.value.capability)
      return answer
    },
  }
}
