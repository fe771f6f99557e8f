import type { IdentityView } from '../../src-shared/identity-view'
import { say } from '.'

export function identityWords({ state, peerId, problem, copyPeerId }: IdentityView): string {
  const { IDENTITY } = say
  if (state === 'none') return IDENTITY.none
  if (state === 'whole') return peerId ?? ''
  const copy = copyPeerId === null ? '' : ` ${IDENTITY.copyIs(copyPeerId)}`
  return `${problem}.${copy} ${IDENTITY.nothingByItself}`
}
