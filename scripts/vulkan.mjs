// The engine on a Vulkan device. Where there is no card, Mesa's llvmpipe (Debian: mesa-vulkan-drivers) will do: llama.cpp
// takes a device that computes on the processor only when it is named, which is done here.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', 'vulkan'], {
  cwd: root,
  stdio: 'inherit',
  env: { GGML_VK_VISIBLE_DEVICES: '0', ...process.env },
})
process.exit(status ?? 1)
