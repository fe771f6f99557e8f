import { expect, it, vi } from 'vitest'
import { offHost } from '../../e2e/support/host-fixtures'
import { stoppedStatus } from '../../e2e/support/status-fixtures'
import { openOutside } from './outside-links'
import { scriptedApp } from './testing/scripted-app'

it('C-23: opens the dashboards that the app knows in the system’s browser, over http and https only', async () => {
  const { app } = scriptedApp(stoppedStatus(1_000), {
    network: { kind: 'coordinator', url: 'https://orchard.example/net' },
  })
  const dashboardUrl = 'http://127.0.0.1:8000/dashboard'
  app.handlers['host.get'] = () => ({ ...offHost(1_000), dashboardUrl })
  const open = vi.fn(async () => undefined)
  for (const url of [dashboardUrl, 'https://orchard.example/net/dashboard']) {
    expect(await openOutside(url, app, open)).toBe(true)
    expect(open).toHaveBeenLastCalledWith(url)
  }
  open.mockClear()
  for (const url of [
    'https://orchard.example/dashboard',
    'https://elsewhere.example/net/dashboard',
    'https://orchard.example/net/dashboard?q=secret',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'smb://orchard.example/net/dashboard',
    'no address',
    '',
  ]) {
    expect(await openOutside(url, app, open), url).toBe(false)
  }
  app.handlers['host.get'] = () => ({ ...offHost(1_000), dashboardUrl: 'file:///etc/passwd' })
  expect(await openOutside('file:///etc/passwd', app, open)).toBe(false)
  expect(await openOutside(dashboardUrl, null, open)).toBe(false)
  expect(open).not.toHaveBeenCalled()
})
