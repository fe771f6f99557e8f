import { describe, expect, it } from 'vitest'
import { capabilityOf, offerOf } from './offer'
import { registrationOf } from './registration'

const computer = { processor: 'Some CPU', platform: 'linux', arch: 'x64', memoryBytes: 32_000_000_000 } as const
const card = {
  name: 'CUDA0',
  description: 'Some Card',
  kind: 'gpu',
  freeBytes: 20_000_000_000,
  totalBytes: 25_769_803_776,
} as const

describe('what is offered', () => {
  it('C-46: a computer that computes on its processor reports cpu and 0 GB, also where it has a card', () => {
    for (const devices of [[], [card]]) {
      const capability = capabilityOf({ accelerator: 'cpu', gpuLayers: 0, devices }, computer)
      expect(capability).toEqual({
        hardwareType: 'cpu',
        deviceName: 'Some CPU (linux x64)',
        vramBytes: 0,
        memoryBytes: 32_000_000_000,
      })
    }
  })

  it.each([
    ['cuda', 'linux', 'cuda'],
    ['vulkan', 'win32', 'vulkan'],
    ['cpu', 'darwin', 'metal'],
  ] as const)(
    'C-46: with blocks on the card, %s on %s is %s with its memory',
    (accelerator, platform, hardwareType) => {
      const capability = capabilityOf({ accelerator, gpuLayers: 99, devices: [card] }, { ...computer, platform })
      expect(capability).toMatchObject({ hardwareType, deviceName: 'Some Card', vramBytes: 25_769_803_776 })
    },
  )

  it('C-46: a limit below what was detected is taken, one above is refused', () => {
    const capability = capabilityOf({ accelerator: 'cuda', gpuLayers: 99, devices: [card] }, computer)
    expect(offerOf(capability, 8)).toEqual({ vramBytes: 8_000_000_000, memoryBytes: 8_000_000_000 })
    expect(offerOf(capability, null)).toEqual({ vramBytes: 25_769_803_776, memoryBytes: 16_000_000_000 })
    expect(() => offerOf(capability, 33)).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }))
  })

  it('C-05, C-46: the registration holds the documented fields and nothing else but x_ ones', () => {
    const body = registrationOf({ peerId: 'p', publicName: 'n', multiaddrs: [], isDemo: false, offeredMemoryGb: null })
    const own = Object.keys(body).filter((field) => !field.startsWith('x_'))
    expect(own).toEqual(['worker_id', 'nickname', 'hardware_type', 'device_name', 'vram_gb'])
    expect(body).toMatchObject({ hardware_type: 'cpu', vram_gb: 0 })
  })
})
