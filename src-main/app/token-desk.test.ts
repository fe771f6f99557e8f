import { expect, it } from 'vitest'
import type { SecretStore } from '../storage/secret-store'
import { createTokenDesk } from './token-desk'

const storeThatFails = (code: string): SecretStore => ({
  get: async () => null,
  protection: async () => null,
  offered: () => 'file',
  set: () => Promise.reject(Object.assign(new Error(`${code}: write`), { code })),
})

it('H-46: a token that the disk does not take is refused with what to do about it', async () => {
  await expect(createTokenDesk(storeThatFails('ENOSPC'), {}).set('hf_x')).rejects.toMatchObject({
    code: 'DISK_NO_ROOM',
  })
  await expect(createTokenDesk(storeThatFails('EROFS'), {}).set('hf_x')).rejects.toMatchObject({
    code: 'SETTINGS_NOT_SAVED',
  })
})
