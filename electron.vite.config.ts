import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'
import { bundledPackages, outside } from './build/bundled-packages'
import { thirdPartyLicences } from './build/third-party'
import { alsoBuildDashboard } from './src-dashboard/build'
import { carryCountryTable } from './src-main/places/build'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const licences = thirdPartyLicences(path('out/third-party-licences.txt'))

export default defineConfig({
  main: {
    plugins: [bundledPackages(), carryCountryTable(), licences()],
    build: {
      outDir: 'out/main',
      sourcemap: true,
      externalizeDeps: false,
      rolldownOptions: {
        external: outside,
        input: {
          index: path('src-main/index.ts'),
          cli: path('src-main/cli/index.ts'),
          'engine-child': path('src-main/engine/child/index.ts'),
          coordinator: path('src-coordinator/index.ts'),
          bench: path('bench/index.ts'),
          'bench-node': path('bench/node.ts'),
        },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  preload: {
    plugins: [licences()],
    build: {
      outDir: 'out/preload',
      rolldownOptions: {
        input: { index: path('src-preload/index.ts') },
        // A sandboxed preload is CommonJS in one file, whatever package.json says.
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: 'src-renderer',
    plugins: [react(), licences(), alsoBuildDashboard(licences())],
    build: {
      outDir: 'out/renderer',
      minify: true,
      rolldownOptions: { input: path('src-renderer/index.html') },
      // Kept small by its gzipped size (`bench -- ui`, at most 250 kB); this is before compression.
      chunkSizeWarningLimit: 800,
    },
  },
})
