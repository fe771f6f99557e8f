import { statfs } from 'node:fs/promises'
import { systemClock } from '../../src-shared/clock'
import { reportOf } from '../../src-shared/errors'
import { appPaths } from '../app-paths'
import { createCoordinatorApi } from '../coordinator/coordinator-api'
import { EngineClient } from '../engine/engine'
import { boundPort, createHost } from '../network/host'
import { loadOrCreateIdentity } from '../network/identity'
import { PROFILES } from '../network/profiles'
import { startChild } from '../process/owned-child'
import { modelShape } from '../shards/architectures'
import { readGgufHeader } from '../shards/gguf-read'
import { readManifest } from '../shards/manifest'
import { openDataDirectory } from '../storage/data-directory'

interface Options {
  dataDir?: string
  coordinator?: string
  modelFile?: string
  manifest?: string
  port: number
  json: boolean
}

interface Finding {
  check: string
  ok: boolean
  /** What was seen, with numbers; or the cause. */
  evidence: string
  action: string | null
  code: string | null
}

/** Runs every check that it can, prints verdict and evidence of each, and exits 1 when one fails. */
export async function doctor(options: Options): Promise<void> {
  const findings: Finding[] = []
  const check = async (name: string, look: () => Promise<string>) => {
    try {
      findings.push({ check: name, ok: true, evidence: await look(), action: null, code: null })
    } catch (error) {
      const { cause, action, code } = reportOf(error)
      findings.push({ check: name, ok: false, evidence: cause, action, code })
    }
  }
  const { coordinator, modelFile, manifest } = options

  await check('data directory', async () => (await openDataDirectory(options.dataDir)).root)
  await check('disk', async () => {
    const { root } = await openDataDirectory(options.dataDir)
    const { bavail, bsize } = await statfs(root)
    return `${((bavail * bsize) / 1e9).toFixed(1)} GB free`
  })
  await check('identity', async () => {
    const { identityFile } = await openDataDirectory(options.dataDir)
    return (await loadOrCreateIdentity(identityFile)).publicKey.toString()
  })
  await check('port', async () => {
    const { identityFile } = await openDataDirectory(options.dataDir)
    const privateKey = await loadOrCreateIdentity(identityFile)
    const host = await createHost({ privateKey, profile: PROFILES.local, port: options.port, kadMode: 'client' })
    const port = boundPort(host)
    await host.stop()
    return port === options.port ? `${port} is free` : `${options.port} is taken, ${port} would be used`
  })
  await check('engine', async () => {
    const engine = new EngineClient(startChild({ script: appPaths().engineChild, ipc: true }))
    try {
      const { release, devices } = await engine.start({ accelerator: 'cpu', directory: null })
      return `llama.cpp ${release}; ${devices.map(({ name, description }) => `${name}: ${description}`).join(', ')}`
    } finally {
      await engine.stop()
    }
  })
  if (coordinator) {
    await check('coordinator', async () => {
      const api = createCoordinatorApi({ baseUrl: coordinator, fetch: globalThis.fetch, clock: systemClock })
      const { value } = await api.networkInfo()
      return `${api.baseUrl} hosts ${value.modelName ?? 'no model'}, ${value.bootstrapPeers.length} bootstrap peers`
    })
  }
  if (modelFile) {
    await check('model file', async () => {
      const { architecture, blockCount, name } = modelShape(await readGgufHeader(modelFile))
      return `${name ?? modelFile}: ${architecture}, ${blockCount} blocks`
    })
  }
  if (manifest) {
    await check('manifest', async () => {
      const { name, blockCount, root } = await readManifest(manifest)
      return `${name}, ${blockCount} blocks, root ${root.slice(0, 16)}…`
    })
  }

  const lines = findings.map(({ check: name, ok, evidence, action, code }) =>
    ok ? `● ${name.padEnd(15)} ${evidence}` : `◣ ${name.padEnd(15)} ${evidence}. ${action} (${code})`,
  )
  process.stdout.write(options.json ? `${JSON.stringify(findings)}\n` : `${lines.join('\n')}\n`)
  if (findings.some(({ ok }) => !ok)) process.exitCode = 1
}
