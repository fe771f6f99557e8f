import { describe, expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import type { Admission, SessionHeader } from '../membership/session-guard'
import { createAdmission } from './admission'
import type { OpenBody } from './frames'
import type { Link } from './links'
import { type PlaceAsker, RANK } from './places'

const ROUTE = [
  { peer: 'before', start: 0, end: 4 },
  { peer: 'me', start: 4, end: 8 },
]
const link = { peer: 'before' } as Link

function setUp(judgement: Admission | Promise<Admission> | null, ours: string[] = []) {
  const asked: SessionHeader[] = []
  const authorise = async (header: SessionHeader) => {
    asked.push(header)
    return (await judgement) as Admission
  }
  const guard = { authorise } as unknown as NonNullable<Parameters<typeof createAdmission>[0]['guard']>
  const isOurs = (id: string) => ours.includes(id)
  return { asked, admission: createAdmission({ self: 'me', guard: judgement === null ? undefined : guard, isOurs }) }
}

const bodyOf = (change: Partial<OpenBody> = {}): OpenBody => ({
  ...{ root: 'r', entry: 'asker', stage: 1, route: ROUTE, contextTokens: 8, wantsLogits: false, token: 't' },
  ...change,
})

async function askerOf(judgement: Admission | null, change: Partial<OpenBody> = {}, ours: string[] = []) {
  let found: PlaceAsker | null = null
  await setUp(judgement, ours).admission.admit('id', bodyOf(change), link, (asker) => {
    found = asker
  })
  return found
}

it('a guard that breaks keeps no place for what it was to judge', async () => {
  const { admission } = setUp(Promise.reject(new Error('broken')))
  const admit = () => admission.admit('id', bodyOf(), link, () => undefined)
  await expect(admit()).rejects.toThrow('broken')
  // Not that it is open already.
  await expect(admit()).rejects.toThrow('broken')
})

describe('who asks for a place', () => {
  it('is the entry where that is proven, else the neighbour that names it', async () => {
    expect(await askerOf(null)).toEqual({ asker: 'before', rank: RANK.guest })
    expect(await askerOf(null, { stage: 0 })).toEqual({ asker: 'asker', rank: RANK.guest })
    expect(await askerOf({ ok: true, standing: 'guest' })).toEqual({ asker: 'before', rank: RANK.guest })
    // A stage before us may show a token that it was shown.
    expect(await askerOf({ ok: true, standing: 'bearer' })).toEqual({ asker: 'before', rank: RANK.guest })
    expect(await askerOf({ ok: true, standing: 'bearer' }, { stage: 0 })).toEqual({
      ...{ asker: 'asker', rank: RANK.member },
    })
    expect(await askerOf({ ok: true, standing: 'bound' })).toEqual({ asker: 'asker', rank: RANK.member })
  })

  it('is the own user for a session that was opened here, not for whoever says so', async () => {
    expect(await askerOf(null, { entry: 'me' }, ['id'])).toEqual({ asker: 'me', rank: RANK.own })
    expect(await askerOf(null, { entry: 'me' })).toEqual({ asker: 'before', rank: RANK.guest })
  })
})

describe('a session that is judged', () => {
  it('H-19: is shown whole to whoever judges it', async () => {
    const { admission, asked } = setUp({ ok: true, standing: 'bound' })
    const binding = { expiresAt: 1, signature: 's' }
    await admission.admit('id', bodyOf({ binding }), link, () => undefined)
    const session = { id: 'id', root: 'r', contextTokens: 8, route: ROUTE, binding }
    expect(asked).toEqual([{ entry: 'asker', token: 't', session }])
  })

  it('begins not at all when it is refused, or closed meanwhile, or its neighbour gone', async () => {
    const begun: string[] = []
    const begin = () => void begun.push('begun')
    const refusal = new EspalierError('TOKEN_MISSING')
    await expect(setUp({ ok: false, refusal }).admission.admit('id', bodyOf(), link, begin)).rejects.toBe(refusal)
    const judged = Promise.withResolvers<Admission>()
    const { admission } = setUp(judged.promise)
    const ends = ['closed', 'gone', 'other'].map((id) => admission.admit(id, bodyOf(), link, begin))
    admission.onClose('closed', link)
    admission.onClose('other', { peer: 'before' } as Link)
    admission.onLinkEnd({ peer: 'gone' } as Link)
    judged.resolve({ ok: true, standing: 'guest' })
    await Promise.all(ends)
    expect(begun).toHaveLength(2)
    const again = setUp(Promise.resolve<Admission>({ ok: true, standing: 'guest' })).admission
    const late = again.admit('gone', bodyOf(), link, begin)
    again.onLinkEnd(link)
    await late
    expect(begun).toHaveLength(2)
  })
})
