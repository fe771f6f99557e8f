import { openDataDirectory } from '../storage/data-directory'
import { type CheckDefinition, pass } from './check'

export const dataDirectory: CheckDefinition = {
  id: 'data-directory',
  title: 'Data directory',
  async look({ data }) {
    const { root } = await openDataDirectory(data.root)
    return pass(`${root} can be read and written`)
  },
}
