import manifest from '../package.json' with { type: 'json' }

/** Of the app, as records, rpc_info and the CLI say it. */
export const VERSION: string = manifest.version
