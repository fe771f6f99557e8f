import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { build } from 'vite'
import { buildDashboard } from '../../src-dashboard/build'

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url))

export const RENDERER_DIR = path('out/renderer')

/** Builds the page alone, as the renderer section of electron.vite.config.ts does, so that page tests need no main build. */
export default async function buildRenderer(): Promise<void> {
  await build({
    configFile: false,
    root: path('src-renderer'),
    base: './',
    logLevel: 'warn',
    plugins: [react()],
    build: {
      outDir: RENDERER_DIR,
      emptyOutDir: true,
      minify: true,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 800,
    },
  })
  await buildDashboard()
}
