import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import * as z from 'zod'
import { temporaryDirectory } from '../../test/models/temporary'
import { jsonFile } from './atomic-file'
import { watchDamage } from './damage-watch'

const schema = z.object({ count: z.number() })

function listen(folder: string) {
  const told: string[] = []
  const stop = watchDamage([folder], { write: (level, code, message) => void told.push(`${level} ${code} ${message}`) })
  return { told, stop }
}

it('D-T33: a damaged file is told of once, also to whoever begins to listen later, and in no other folder', async () => {
  const folder = await temporaryDirectory()
  await writeFile(join(folder, 'early.json'), 'garbage')
  expect(await jsonFile(join(folder, 'early.json'), schema).load()).toBeNull()
  const other = listen(`${folder}-2`)
  const { told, stop } = listen(folder)
  expect(told).toEqual([
    'warn state.damaged early.json was damaged and is kept as early.json.damaged; nothing of it is used, and what it held begins anew',
  ])
  const kept = jsonFile(join(folder, 'kept.json'), schema, { keepsCopy: true })
  await kept.save({ count: 3 })
  await writeFile(kept.path, '{"count":')
  expect(await kept.load()).toEqual({ count: 3 })
  expect(told[1]).toBe('warn state.damaged kept.json was damaged and is kept as kept.json.damaged; its copy is used')
  stop()
  const again = listen(folder)
  expect([told.length, again.told, other.told]).toEqual([2, [], []])
  for (const { stop: end } of [again, other]) end()
})

it('D-T33: a second damage leaves what was set aside before, and a file that is damaged each time fills no disk', async () => {
  const folder = await temporaryDirectory()
  const { told, stop } = listen(folder)
  const file = jsonFile(join(folder, 'state.json'), schema)
  for (let n = 1; n <= 12; n++) {
    await writeFile(file.path, `damage ${n}`)
    await file.load()
  }
  stop()
  const aside = (suffix: string) => readFile(`${file.path}.damaged${suffix}`, 'utf8')
  expect(await Promise.all(['', '-2', '-9'].map(aside))).toEqual(['damage 1', 'damage 2', 'damage 12'])
  await expect(aside('-10')).rejects.toMatchObject({ code: 'ENOENT' })
  expect(told).toHaveLength(12)
})
