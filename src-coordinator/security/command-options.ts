import type { Command } from 'commander'
import { EspalierError } from '../../src-shared/errors'
import type { SecurityOptions } from './security'

/** What `addSecurityOptions` adds to a command. */
export interface SecurityFlags {
  tlsCert?: string
  tlsKey?: string
  insecureHttp: boolean
  publicUrl?: string
  corsOrigin: string[]
  allowUnsigned: boolean
  membersOnly: boolean
  resetAdminToken: boolean
}

export function addSecurityOptions(command: Command): Command {
  return command
    .option('--tls-cert <file>', 'PEM certificate (with its chain): the server speaks HTTPS')
    .option('--tls-key <file>', 'PEM key of that certificate')
    .option('--insecure-http', 'plain HTTP beyond this computer, e.g. behind a proxy that speaks TLS', false)
    .option('--public-url <url>', 'the address that nodes use, for invites and signatures; needed behind a proxy')
    .option('--cors-origin <origin...>', 'web pages of these origins may call the server', [])
    .option('--allow-unsigned', 'take workers that do not sign, such as other programs of the same protocol', false)
    .option('--members-only', 'nodes refuse prompts of whoever was not approved', false)
    .option('--reset-admin-token', 'make a new admin token; the old one ends', false)
}

/** Throws BAD_ARGUMENT for half a certificate. */
export function securityOf(flags: SecurityFlags): SecurityOptions {
  const { tlsCert, tlsKey } = flags
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new EspalierError('BAD_ARGUMENT', '--tls-cert and --tls-key belong together')
  }
  return {
    ...(tlsCert !== undefined && tlsKey !== undefined ? { tls: { certFile: tlsCert, keyFile: tlsKey } } : {}),
    insecureHttp: flags.insecureHttp,
    publicUrl: flags.publicUrl,
    corsOrigins: flags.corsOrigin,
    allowUnsigned: flags.allowUnsigned,
    membersOnly: flags.membersOnly,
    resetAdminToken: flags.resetAdminToken,
  }
}
