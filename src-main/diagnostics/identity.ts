import { chmod, stat } from 'node:fs/promises'
import { readIdentity } from '../network/identity'
import { type CheckDefinition, pass, unknown, warn } from './check'

export const identity: CheckDefinition = {
  id: 'identity',
  title: 'Identity',
  async look({ data: { identityFile } }) {
    const key = await readIdentity(identityFile)
    if (key === null) return unknown('there is none yet; it is made at the first start')
    const peerId = key.publicKey.toString()
    const { mode } = await stat(identityFile)
    const isPrivate = process.platform === 'win32' || (mode & 0o077) === 0
    if (isPrivate) return pass(peerId)
    return {
      ...warn('IDENTITY_EXPOSED', `${peerId}; ${identityFile} can be read by other users`),
      fix: 'mend',
    }
  },
  mend: ({ data }) => chmod(data.identityFile, 0o600),
}
