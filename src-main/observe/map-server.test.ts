import { expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { serveMap } from './map-server'

const serve = (host: string, port: number) =>
  serveMap({ ...{ host, port }, snapshot: () => null, reach: () => Promise.reject(), clock: new FakeClock() })

it('a port that is taken is told from an address that is not of this computer', async () => {
  const first = await serve('127.0.0.1', 0)
  const { port } = new URL(first.url)
  await expect(serve('127.0.0.1', Number(port))).rejects.toMatchObject({ code: 'PORT_TAKEN' })
  await first.close()
  // TEST-NET-1: nobody has it.
  await expect(serve('192.0.2.1', 0)).rejects.toMatchObject({
    code: 'BAD_ARGUMENT',
    message: expect.stringContaining('192.0.2.1:0'),
  })
})
