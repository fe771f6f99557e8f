// biome-ignore-all lint/suspicious/noTemplateCurlyInString: electron-builder fills these in.
// How the app becomes installers. Every system is built on itself: koffi, libsql and llama.cpp come as binaries of the
// computer that installs them, so a package made elsewhere would carry the wrong ones.
import { fileURLToPath } from 'node:url'
import { shippedCode, unreachedPackages } from './shipped.mjs'

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '')
const shipped = shippedCode(root)

// Inside a package only what runs, and the licence texts. electron-builder itself leaves out tests and READMEs.
const OVERHEAD = [
  '!**/*.{map,ts,c,cc,cpp,h,hh,def,S,asm,inc,bnf}',
  '!node_modules/koffi/{doc,lib,vendor}/**',
  '!node_modules/koffi/{cnoke.cjs,src/koffi/CMakeLists.txt}',
]

// Binaries for this system, this processor and (on Linux) glibc: Electron does not run on musl.
const FOREIGN_BINARIES = [
  '!node_modules/@koromix/!(koffi-${platform}-${arch})/**',
  '!node_modules/@koromix/*/musl_*/**',
  '!node_modules/@libsql/!(${platform}-${arch}*)/**',
  '!node_modules/@libsql/*-musl*/**',
  '!node_modules/@node-llama-cpp/!(${os}-${arch}|${os}-${arch}-vulkan|${os}-${arch}-metal)/**',
  // The addon of node-llama-cpp itself: the engine calls llama.cpp's libraries beside it.
  '!node_modules/@node-llama-cpp/*/bins/*/llama-addon.node',
]

/** Where updates come from and whose signature counts. Both or neither: an address alone would prove nothing. */
function updatesOf({ ESPALIER_UPDATE_URL: url, ESPALIER_UPDATE_PUBLIC_KEY: publicKey }) {
  if (!url !== !publicKey) throw new Error('ESPALIER_UPDATE_URL and ESPALIER_UPDATE_PUBLIC_KEY belong together')
  return url ? { espalierUpdates: { url, publicKey } } : {}
}

/** @type {import('electron-builder').Configuration} */
export default {
  // No domain behind it: nobody owns one for this project, and somebody else might.
  appId: 'contributors.espalier.Espalier',
  productName: 'Espalier',
  copyright: 'The Espalier contributors, MIT licence',
  // Installers show a page to visit and a person to write to. Names below .example can never become someone else's.
  extraMetadata: {
    homepage: 'https://espalier.example',
    // By which Linux desktops know that a window is this app's.
    desktopName: 'espalier.desktop',
    ...updatesOf(process.env),
  },
  directories: { output: 'out/installers', buildResources: 'build' },
  artifactName: '${productName}-${version}-${os}-${arch}.${ext}',

  files: [
    'package.json',
    ...shipped.files,
    'out/renderer/**',
    'out/dashboard/**',
    'out/places/**',
    'resources/icons/**',
    'resources/models/*.{gguf,json}',
    'resources/cuda-packs.json',
    '!resources/icons/*.svg',
    ...unreachedPackages(root, shipped.packages).map((name) => `!**/node_modules/${name}/**`),
    ...FOREIGN_BINARIES,
    ...OVERHEAD,
  ],
  // Beside the archive, where a person finds it: the licences of what is bundled.
  extraResources: [{ from: 'out/third-party-licences.txt', to: 'third-party-licences.txt' }],
  asar: true,
  // What the system's loader or llama.cpp opens by path; neither can read from the archive.
  asarUnpack: [
    '**/*.node',
    'node_modules/@koromix/**',
    'node_modules/@libsql/**',
    'node_modules/@node-llama-cpp/**',
    'resources/models/**',
  ],
  // All natives are prebuilt for Node-API, which is the same in Electron.
  npmRebuild: false,
  electronLanguages: ['en-US'],
  ...(process.env.ELECTRON_OVERRIDE_DIST_PATH ? { electronDist: process.env.ELECTRON_OVERRIDE_DIST_PATH } : {}),
  electronFuses: {
    runAsNode: false,
    enableNodeOptionsEnvironmentVariable: false,
    // Playwright speaks to the main process through the inspector, so builds for end-to-end tests keep it.
    enableNodeCliInspectArguments: process.env.ELECTRON_ENABLE_INSPECT === 'true',
    enableCookieEncryption: true,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    grantFileProtocolExtraPrivileges: false,
  },
  // Without a server of its own a build takes no updates; one guessed from the git remote would be somebody's.
  publish: process.env.ESPALIER_UPDATE_URL ? { provider: 'generic', url: process.env.ESPALIER_UPDATE_URL } : null,
  // The system hands such links to the app, which asks before it does anything.
  protocols: [{ name: 'Espalier invite', schemes: ['espalier'] }],

  linux: {
    target: ['AppImage', 'deb', 'rpm'],
    executableName: 'espalier',
    syncDesktopName: true,
    icon: 'build/icons',
    category: 'Network;P2P;',
    synopsis: 'A node of a shared language-model network',
    maintainer: 'The Espalier contributors <contributors@espalier.example>',
    desktop: {
      entry: {
        Name: 'Espalier',
        GenericName: 'Language-Model Node',
        Comment: 'Share this computer with a language-model network',
        Keywords: 'llm;llama;language model;peer;',
        StartupNotify: 'true',
      },
    },
  },
  mac: {
    // One processor a computer, like everything here; the zip is what an update installs.
    target: ['dmg', 'zip'],
    icon: 'build/icon.icns',
    category: 'public.app-category.utilities',
    hardenedRuntime: true,
    gatekeeperAssess: false,
    entitlements: 'build/entitlements.mac.plist',
    entitlementsInherit: 'build/entitlements.mac.plist',
    extendInfo: {
      NSLocalNetworkUsageDescription: 'Espalier talks to other nodes of your network, also those in this building.',
    },
  },
  win: {
    // libsql has no binary for Windows on ARM.
    target: [{ target: 'nsis', arch: ['x64'] }],
    icon: 'build/icon.ico',
  },
  nsis: {
    oneClick: false,
    perMachine: false,
    allowToChangeInstallationDirectory: true,
    // Identity and verified pieces of models belong to the person, not to the installation.
    deleteAppDataOnUninstall: false,
  },
}
