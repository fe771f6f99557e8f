import { EspalierError } from '../../src-shared/errors'
import type { LlamaApi } from './api'
import type { Device } from './protocol'

/** The devices that ggml's loaded back-ends offer, the processor included. */
export function listDevices(api: LlamaApi): Device[] {
  const kinds = ['cpu', 'gpu', 'integrated-gpu', 'accelerator'] as const
  return Array.from({ length: Number(api.deviceCount()) }, (_, index) => {
    const device = api.deviceGet(index)
    const sizes = new BigUint64Array(2)
    api.deviceMemory(device, sizes.subarray(0, 1), sizes.subarray(1, 2))
    return {
      name: api.deviceName(device),
      description: api.deviceDescription(device),
      kind: kinds[api.deviceType(device)] ?? 'other',
      freeBytes: Number(sizes[0] ?? 0n),
      totalBytes: Number(sizes[1] ?? 0n),
    }
  })
}

/** llama.cpp's list of devices, ended by 0. Throws ENGINE_LOAD_FAILED when one of the names has gone. */
export function deviceList(api: LlamaApi, names: readonly string[]): BigUint64Array {
  const pointers = Array.from({ length: Number(api.deviceCount()) }, (_, index) => api.deviceGet(index))
  const chosen = names.map((name) => {
    const pointer = pointers.find((candidate) => api.deviceName(candidate) === name)
    if (pointer === undefined) throw new EspalierError('ENGINE_LOAD_FAILED', `the device ${name} is not there any more`)
    return pointer
  })
  return BigUint64Array.from([...chosen, 0n])
}
