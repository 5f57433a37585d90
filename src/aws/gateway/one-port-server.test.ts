import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { ManualClock } from '../../clock/manual-clock.ts'
import { createCertificateAuthority } from '../../x509/authority.ts'
import { startOnePortServer } from './one-port-server.ts'

async function start(onRequest: Parameters<typeof startOnePortServer>[0]['onRequest']) {
  const clock = new ManualClock(Date.now())
  const authority = await createCertificateAuthority({ commonName: 'test', clock })
  const tls = await authority.issueServer({ names: ['localhost'], addresses: ['127.0.0.1'] })
  const server = await startOnePortServer({
    host: '127.0.0.1',
    port: 0,
    tls,
    onRequest,
    onContinue: onRequest,
  })
  return { server, ca: authority.certPem }
}

function get(port: number, ca?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const make = ca ? httpsRequest : httpRequest
    const request = make({ host: '127.0.0.1', port, ...(ca ? { ca } : {}) }, (response) => {
      let text = ''
      response.on('data', (piece: Buffer) => {
        text += piece.toString()
      })
      response.on('end', () => resolve(text))
    })
    request.on('error', reject)
    request.end()
  })
}

describe('the one port', () => {
  it('speaks HTTP and HTTPS, as the first byte says', async () => {
    const { server, ca } = await start((message, response) => {
      response.end('encrypted' in message.socket ? 'https' : 'http')
    })
    assert.deepEqual([await get(server.port), await get(server.port, ca)], ['http', 'https'])
    await server[Symbol.asyncDispose]()
    await assert.rejects(get(server.port))
  })

  it('lets requests in flight end when it is closed, and drops silent connections at once', async () => {
    let finish = (): void => {}
    const arrived = Promise.withResolvers<void>()
    const { server } = await start((_, response) => {
      finish = () => response.end('done')
      arrived.resolve()
    })
    const silent = connect(server.port, '127.0.0.1')
    const dropped = new Promise((resolve) => silent.once('close', resolve))
    const answer = get(server.port)
    await arrived.promise
    const closed = server[Symbol.asyncDispose]()
    await dropped
    finish()
    assert.equal(await answer, 'done')
    await closed
  })

  it('says so when the port is taken', async () => {
    const { server } = await start(() => {})
    const again = {
      host: '127.0.0.1',
      port: server.port,
      onRequest: () => {},
      onContinue: () => {},
    }
    await assert.rejects(startOnePortServer(again), { code: 'EADDRINUSE' })
    await server[Symbol.asyncDispose]()
  })
})
