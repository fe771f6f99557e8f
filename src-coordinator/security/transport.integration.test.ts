import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { generate } from 'selfsigned'
import { afterEach, describe, expect, it } from 'vitest'
import { send } from '../../test/membership/signing-worker'
import { startTestCoordinator } from '../test-coordinator'
import { addSecurityOptions, type SecurityFlags, securityOf } from './command-options'
import type { SecurityOptions } from './security'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(security: SecurityOptions, host = '127.0.0.1') {
  const coordinator = await startTestCoordinator({ security, host })
  cleanups.push(() => coordinator.remove())
  return coordinator
}

async function certificate(): Promise<{ certFile: string; keyFile: string; cert: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'espalier-tls-'))
  cleanups.push(() => rm(directory, { recursive: true, force: true }))
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }])
  const [certFile, keyFile] = [join(directory, 'cert.pem'), join(directory, 'key.pem')]
  await writeFile(certFile, cert)
  await writeFile(keyFile, key)
  return { certFile, keyFile, cert }
}

function getOverTls(url: string, ca: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    request(url, { ca, servername: 'localhost', checkServerIdentity: () => undefined }, (response) => {
      let body = ''
      response.on('data', (chunk) => {
        body += String(chunk)
      })
      response.on('end', () => resolve({ status: response.statusCode, body }))
    })
      .on('error', reject)
      .end()
  })
}

describe('transport', () => {
  it('C-44: plain HTTP stays on this computer, unless the host says so in so many words', async () => {
    await expect(start({}, '0.0.0.0')).rejects.toMatchObject({ code: 'COORDINATOR_INSECURE' })
    const open = await start({ insecureHttp: true }, '0.0.0.0')
    expect((await send(`http://127.0.0.1:${open.server.port}/`, 'GET', undefined)).status).toBe(200)
  })

  it('C-44: with a certificate it speaks HTTPS, and nothing else', async () => {
    const { certFile, keyFile, cert } = await certificate()
    const { server } = await start({ tls: { certFile, keyFile } }, '0.0.0.0')
    expect(server.url).toMatch(/^https:/)
    const answer = await getOverTls(`https://127.0.0.1:${server.port}/`, cert)
    expect([answer.status, JSON.parse(answer.body).status]).toEqual([200, 'ok'])
    await expect(fetch(`http://127.0.0.1:${server.port}/`)).rejects.toThrow()
  })

  it('C-44: files that are missing, no PEM, or do not belong together are refused at the start', async () => {
    const [one, other] = [await certificate(), await certificate()]
    for (const tls of [
      { certFile: '/nowhere/cert.pem', keyFile: one.keyFile },
      { certFile: one.keyFile, keyFile: one.keyFile },
      { certFile: one.certFile, keyFile: other.keyFile },
    ]) {
      await expect(start({ tls })).rejects.toMatchObject({ code: 'TLS_UNUSABLE' })
    }
  })

  it('C-03: browsers may call from configured origins only', async () => {
    const { server } = await start({ corsOrigins: ['https://dashboard.example'] })
    const allowedFor = async (origin: string) => {
      const headers = {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      }
      const answer = await fetch(`${server.url}/invites`, { method: 'OPTIONS', headers })
      return answer.headers.get('access-control-allow-origin')
    }
    expect(await allowedFor('https://dashboard.example')).toBe('https://dashboard.example')
    expect(await allowedFor('https://evil.example')).toBeNull()
    const closed = await start({})
    const plain = await fetch(`${closed.server.url}/`, { headers: { origin: 'https://dashboard.example' } })
    expect(plain.headers.get('access-control-allow-origin')).toBeNull()
    for (const origin of ['*', 'null', 'dashboard.example', 'https://a.example/path']) {
      await expect(start({ corsOrigins: [origin] }), origin).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
    }
  })

  it('X-14: the command line says all of it, and half a certificate is refused', () => {
    const read = (...args: string[]) => {
      const command = addSecurityOptions(new Command()).exitOverride()
      command.parse(args, { from: 'user' })
      return securityOf(command.opts<SecurityFlags>())
    }
    expect(read()).toMatchObject({ allowUnsigned: false, membersOnly: false, insecureHttp: false, corsOrigins: [] })
    expect(
      read(
        '--tls-cert',
        'c',
        '--tls-key',
        'k',
        '--members-only',
        '--allow-unsigned',
        '--cors-origin',
        'https://a.example',
      ),
    ).toMatchObject({
      tls: { certFile: 'c', keyFile: 'k' },
      membersOnly: true,
      allowUnsigned: true,
      corsOrigins: ['https://a.example'],
    })
    expect(() => read('--tls-cert', 'c')).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }))
  })
})
