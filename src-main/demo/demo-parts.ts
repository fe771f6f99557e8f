import { mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import type { AppPaths } from '../app-paths'
import { type ChildOptions, type OwnedChild, startChild } from '../process/owned-child'
import { type DemoProcess, startDemoProcess } from './demo-process'
import { makeDemoDirectory, sweepLeftovers } from './leftovers'

/** Coordinator and nodes of a network on this computer only: processes, each in a directory of its own. */
export interface DemoParts {
  /** Resolves when it answers. Throws DEMO_FAILED, or the signal's reason. */
  startCoordinator(adminToken: string, signal: AbortSignal, extraArgs?: readonly string[]): Promise<DemoCoordinator>
  startNode(name: string, coordinatorUrl: string): Promise<DemoProcess>
  start(name: string, script: string, args: string[], env?: Record<string, string>): DemoProcess
  /** Ends every process and removes the directories. */
  stop(): Promise<void>
}

export interface DemoCoordinator {
  readonly url: string
  readonly bootstrapPeers: string[]
  readonly process: DemoProcess
}

const ReadySchema = z.object({ type: z.literal('ready'), url: z.string(), bootstrapPeers: z.array(z.string()) })

export async function openDemoParts(options: {
  paths: AppPaths
  startScript?: (options: ChildOptions) => OwnedChild
}): Promise<DemoParts> {
  const { paths, startScript = startChild } = options
  await sweepLeftovers(tmpdir())
  const directory = await makeDemoDirectory(tmpdir())
  const processes: DemoProcess[] = []
  let coordinator: DemoProcess | null = null

  function start(name: string, script: string, args: string[], env: Record<string, string> = {}): DemoProcess {
    const started = startDemoProcess({ name, script, args, env, cwd: directory, startScript })
    processes.push(started)
    return started
  }

  return {
    start,
    async startCoordinator(adminToken, signal, extraArgs = []) {
      const dataDir = join(directory, 'coordinator')
      const ports = ['--port', '0', '--dht-port', '0']
      const args = [
        '--demo',
        '--json',
        ...ports,
        '--data-dir',
        dataDir,
        '--manifest',
        paths.sampleManifest,
        ...extraArgs,
      ]
      const process = start('the coordinator', paths.coordinator, args, { ESPALIER_ADMIN_TOKEN: adminToken })
      coordinator = process
      const { url, bootstrapPeers } = await process.next((message) => ReadySchema.safeParse(message).data, signal)
      return { url, bootstrapPeers, process }
    },
    async startNode(name, coordinatorUrl) {
      const dataDir = join(directory, name)
      // It is there when the node starts again.
      await mkdir(dataDir, { recursive: true })
      const network = ['--profile', 'local', '--coordinator', coordinatorUrl, '--port', '0']
      const model = ['--model-file', paths.sampleModel, '--threads', '1']
      return start(`node ${name}`, paths.cli, [
        'serve',
        '--json',
        '--data-dir',
        dataDir,
        '--name',
        name,
        ...network,
        ...model,
      ])
    },
    async stop() {
      // Nodes first: they take leave of a coordinator that is still there.
      await Promise.all(processes.filter((process) => process !== coordinator).map((process) => process.stop()))
      await coordinator?.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
