import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { build, type InlineConfig, type Plugin } from 'vite'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

export const DASHBOARD_DIR = path('../out/dashboard')

/** Relative addresses only: the coordinator may stand behind a proxy, under any path. */
const CONFIG: InlineConfig = {
  configFile: false,
  root: path('.'),
  base: './',
  publicDir: path('../src-renderer/public'),
  logLevel: 'warn',
  build: { outDir: DASHBOARD_DIR, emptyOutDir: true, minify: true, modulePreload: { polyfill: false } },
}

export async function buildDashboard(...more: Plugin[]): Promise<void> {
  await build({ ...CONFIG, plugins: [react(), ...more] })
}

/** The app's pages and the coordinator's are two programs; whoever builds the first gets the second with it. */
export function alsoBuildDashboard(...more: Plugin[]): Plugin {
  const handler = () => buildDashboard(...more)
  return { name: 'espalier-dashboard', apply: 'build', closeBundle: { sequential: true, handler } }
}
