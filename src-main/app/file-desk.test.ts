import { expect, it } from 'vitest'
import { createFileDesk } from './file-desk'

it('D-T37: where the system has a dialog, only what a person has named in it is written or read', async () => {
  const answers: (string | null)[] = ['/home/kim/backup.json', null]
  const files = createFileDesk(async () => answers.shift() ?? null)
  const refused = expect.objectContaining({ code: 'FILE_NOT_CHOSEN' })
  expect(() => files.check('new-identity-backup', '/home/kim/backup.json')).toThrow(refused)
  expect(await files.choose({ purpose: 'new-identity-backup' })).toEqual({ path: '/home/kim/backup.json' })
  files.check('new-identity-backup', '/home/kim/backup.json')
  expect(() => files.check('new-identity-backup', '/home/kim/Cloud/backup.json')).toThrow(refused)
  expect(() => files.check('identity-backup', '/home/kim/backup.json')).toThrow(refused)
  expect(await files.choose({ purpose: 'identity-backup' })).toEqual({ path: null })
})

it('paths are typed where there is none', async () => {
  const files = createFileDesk(null)
  expect(await files.choose({ purpose: 'model' })).toEqual({ path: null })
  expect(() => files.check('new-identity-backup', '/srv/backup.json')).not.toThrow()
})
