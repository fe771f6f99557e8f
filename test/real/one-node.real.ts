import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { GovernorSchema, openGovernor } from '../../src-main/announce/governor'
import { profileNamed } from '../../src-main/cli/arguments'
import { jsonFile } from '../../src-main/storage/atomic-file'
import { defaultDataRoot } from '../../src-main/storage/data-directory'
import { lockUser } from '../../src-main/storage/process-lock'
import { systemClock } from '../../src-shared/clock'
import { announceOnce } from './announce-once'

// Against a network that others use: only by hand, and only with addresses that whoever runs it names.

const bootstraps = (process.env.ESPALIER_REAL_BOOTSTRAPS ?? '').split(/[\s,]+/).filter((address) => address !== '')
const profile = profileNamed(process.env.ESPALIER_REAL_PROFILE ?? 'espalier')

describe.skipIf(bootstraps.length === 0)(`M-30: a real network (${profile.name})`, () => {
  it('M-30: one node is announced there once, read back from another peer, and taken back', async () => {
    // The same lock, and the same account of announces, as every node of this user.
    const root = defaultDataRoot()
    const unlock = lockUser(root, root)
    try {
      const governor = await openGovernor({
        clock: systemClock,
        file: jsonFile(join(root, 'announces.json'), GovernorSchema),
        onTrouble: (error) => {
          throw error
        },
      })
      const { report, heldBackUntil, stateAfter } = await announceOnce({
        ...{ profile, bootstraps, governor },
        clock: systemClock,
      })
      expect(heldBackUntil, 'this computer has announced too much; try again in some minutes').toBeNull()
      expect(report?.error).toBeNull()
      expect(report?.readBack).toMatchObject({ found: 1, asked: 1 })
      expect(stateAfter).toBe('offline')
    } finally {
      unlock()
    }
  })
})
