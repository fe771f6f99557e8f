import { access, constants } from 'node:fs/promises'
import { messageOf } from '../../src-shared/errors'
import { openDataDirectory } from '../storage/data-directory'
import { type CheckDefinition, fail, pass, unknown } from './check'
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
    const { root } = await openDataDirectory(data.root)
    return pass(`${root} can be read and written`)
  },
}
