import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { createEventLog } from '../storage/event-log'
import { detectDevice } from './detect-devices'
import { chooseDevice, type DeviceWish, type Offer } from './device-choice'
import type { Accelerator } from './library'
import type { Device } from './protocol'
import { fakeProcess } from './testing/fake-process'

const GB = 1_000_000_000
const card = (name: string): Device => ({
  name,
  description: `Card ${name}`,
  kind: 'gpu',
  freeBytes: 8 * GB,
  totalBytes: 10 * GB,
})
const processor: Device = { name: 'CPU', description: 'Some CPU', kind: 'cpu', freeBytes: GB, totalBytes: GB }
const offer = (accelerator: Accelerator, ...cards: string[]): Offer => ({
  accelerator,
  directory: accelerator === 'cuda' ? '/packs/cuda' : null,
  devices: [...cards.map(card), processor],
})
const all = [offer('cuda', 'CUDA0', 'CUDA1'), offer('vulkan', 'Vulkan0'), offer('cpu')]
const choose = (wish: DeviceWish, offers: Offer[], present: string[] = [], gpuNames: string[] | null = null) =>
  chooseDevice({ wish, gpuNames }, offers, present)

describe('the choice of a device', () => {
  it('H-41: a working card is taken without being asked for, the fastest way first', () => {
    expect(choose('auto', all)).toMatchObject({
      accelerator: 'cuda',
      directory: '/packs/cuda',
      gpuNames: ['CUDA0', 'CUDA1'],
      missedGpu: null,
    })
    expect(choose('auto', all.slice(1))).toMatchObject({ accelerator: 'vulkan', gpuNames: ['Vulkan0'] })
  })

  it('H-41: the operator chooses the kind and the cards', () => {
    expect(choose('vulkan', all)).toMatchObject({ accelerator: 'vulkan', gpuNames: ['Vulkan0'] })
    expect(choose('auto', all, [], ['CUDA1'])).toMatchObject({ accelerator: 'cuda', gpuNames: ['CUDA1'] })
    expect(choose('auto', all, [], ['Vulkan0'])).toMatchObject({ accelerator: 'vulkan', gpuNames: ['Vulkan0'] })
  })

  it.each([
    ['forced', choose('cpu', [], ['a card']), 'although there is a card'],
    ['a card without a working driver', choose('auto', [offer('cpu')], ['a card']), 'a card could not be used'],
    ['a kind that is not there', choose('cuda', [offer('cpu')]), 'cuda was asked for'],
    ['chosen cards that are gone', choose('auto', all, [], ['CUDA7']), 'none of the chosen cards is there: CUDA7'],
  ])('H-41: on the processor with the reason: %s', (_, choice, reason) => {
    expect(choice).toMatchObject({ accelerator: 'cpu', gpuLayers: 0, gpuNames: [] })
    expect(choice.missedGpu).toContain(reason)
  })

  it('H-41: a computer without a card computes on its processor, and nothing is amiss', () => {
    expect(choose('auto', [offer('vulkan'), offer('cpu')])).toMatchObject({ accelerator: 'cpu', missedGpu: null })
    expect(choose('cpu', [])).toMatchObject({ accelerator: 'cpu', missedGpu: null })
  })
})

describe('detection', () => {
  const opened: string[] = []
  /** An engine whose back-end says what `answer` gives, or ends like a driver that crashes. */
  const probe = (supported: Accelerator[], answer: (accelerator: string) => Device[] | 'crash') => ({
    log: createEventLog(new FakeClock(), null),
    directoryOf: async () => null,
    supported: async () => supported,
    present: async () => [],
    spawnEngine() {
      const process = fakeProcess()
      return {
        ...process,
        send(message: Parameters<typeof process.send>[0]) {
          const { id, input } = message as unknown as { id: number; input: { accelerator: string } }
          opened.push(input.accelerator)
          const devices = answer(input.accelerator)
          queueMicrotask(() =>
            devices === 'crash'
              ? process.end({ signal: 'SIGSEGV' })
              : process.reply({ id, value: { release: 'v', libraryDirectory: '/', devices } }),
          )
        },
      }
    },
  })
  const wishes = { wish: 'auto', gpuNames: null } as const

  it('H-41: a driver that crashes when it is opened costs nothing but itself', async () => {
    const choice = await detectDevice(
      wishes,
      probe(['cuda', 'vulkan'], (name) => (name === 'cuda' ? 'crash' : [card('Vulkan0'), processor])),
    )
    expect(choice).toMatchObject({ accelerator: 'vulkan', gpuNames: ['Vulkan0'], missedGpu: null })
  })

  it('H-41: nothing is opened where no driver is there, nor for a processor that was asked for', async () => {
    opened.length = 0
    expect(
      await detectDevice(
        wishes,
        probe([], () => 'crash'),
      ),
    ).toMatchObject({ accelerator: 'cpu' })
    expect(
      await detectDevice(
        { wish: 'cpu', gpuNames: null },
        probe(['cuda'], () => 'crash'),
      ),
    ).toMatchObject({ accelerator: 'cpu' })
    expect(opened).toEqual(process.platform === 'darwin' ? ['cpu'] : [])
  })

  it('H-41: a look that fails is no reason not to compute', async () => {
    const broken = { ...probe([], () => 'crash'), supported: () => Promise.reject(new Error('no such library')) }
    expect(await detectDevice(wishes, broken)).toMatchObject({ accelerator: 'cpu', missedGpu: null })
  })
})
