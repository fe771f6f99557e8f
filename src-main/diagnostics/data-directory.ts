import { access, constants } from 'node:fs/promises'
import { messageOf } from '../../src-shared/errors'
import { tryDataDirectory } from '../storage/data-directory'
import { isOpenToOthers } from '../storage/owner-only'
import { type CheckDefinition, fail, pass, unknown, warn } from './check'
import { existingFolder } from './existing-folder'

export const dataDirectory: CheckDefinition = {
  id: 'data-directory',
  title: 'Data directory',
  async look({ data }) {
    const above = await existingFolder(data.root)
    if (above !== data.root) {
      // Who looks makes nothing.
      const trouble = await access(above, constants.W_OK).then(() => null, messageOf)
      return trouble === null
        ? unknown(`${data.root} is not there yet; it is made at the first start`)
        : fail('DATA_DIR_UNUSABLE', `${data.root} cannot be made (${trouble})`)
    }
    await tryDataDirectory(data.root)
    return isOpenToOthers(data.root)
      ? warn('DATA_DIR_OPEN', `${data.root} can be read and written, and other users of this computer can look into it`)
      : pass(`${data.root} can be read and written`)
  },
}
