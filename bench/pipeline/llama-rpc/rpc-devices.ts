import koffi from 'koffi'
import * as z from 'zod'
import type { Pointer } from '../../../src-main/engine/abi'
import type { LlamaApi } from '../../../src-main/engine/api'
import { listDevices } from '../../../src-main/engine/devices'

export const RpcSchema = z.object({ backend: z.string(), endpoints: z.array(z.string()).min(1) })

/** Makes llama.cpp's RPC workers devices of this process. Resolves to their names, for `loadModel`. */
export function openRpcDevices(api: LlamaApi, { backend, endpoints }: z.infer<typeof RpcSchema>): string[] {
  const { ggml } = api.libraries
  const load: (path: string) => Pointer | null = ggml.func('ggml_backend_load', 'void *', ['const char *'])
  const register: (registry: Pointer) => void = ggml.func('ggml_backend_register', 'void', ['void *'])
  const addServer: (endpoint: string) => Pointer | null = koffi
    .load(backend)
    .func('ggml_backend_rpc_add_server', 'void *', ['const char *'])
  if (!load(backend)) throw new Error(`${backend} is no back-end of this llama.cpp`)
  const before = new Set(listDevices(api).map(({ name }) => name))
  for (const endpoint of endpoints) {
    const registry = addServer(endpoint)
    if (!registry) throw new Error(`the RPC server at ${endpoint} does not answer`)
    register(registry)
  }
  const names = listDevices(api).flatMap(({ name }) => (before.has(name) ? [] : [name]))
  if (names.length !== endpoints.length) throw new Error(`${endpoints.length} workers gave ${names.length} devices`)
  return names
}
