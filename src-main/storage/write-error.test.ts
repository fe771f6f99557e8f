import { expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import { writing } from './write-error'

const failing = (error: Error) => () => Promise.reject(error)

it('H-46: a full disk has a code that says to make room; other failures have the writer’s own', async () => {
  for (const code of ['ENOSPC', 'EDQUOT']) {
    const full = Object.assign(new Error(`${code}: no space left on device, write`), { code })
    await expect(writing('SETTINGS_NOT_SAVED', failing(full))).rejects.toMatchObject({ code: 'DISK_NO_ROOM' })
  }
  const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' })
  await expect(writing('FILE_NOT_WRITTEN', failing(denied))).rejects.toMatchObject({ code: 'FILE_NOT_WRITTEN' })
  const known = new EspalierError('BAD_ARGUMENT')
  await expect(writing('FILE_NOT_WRITTEN', failing(known))).rejects.toBe(known)
  await expect(writing('FILE_NOT_WRITTEN', () => Promise.resolve(1))).resolves.toBe(1)
})
