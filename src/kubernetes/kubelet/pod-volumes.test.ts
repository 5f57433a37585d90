import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { eventually } from '../../../test/support/cluster.ts'
import { configMaps } from '../resources.ts'
import { bare, openNode, state } from './testing.ts'

for (const isolation of ['bubblewrap', 'none'] as const) {
  test(`tokens, CA and namespace lie where clients look for them (isolation ${isolation})`, async () => {
    await using node = await openNode(isolation)
    await node.client.create(configMaps, 'default', {
      metadata: { name: 'kube-root-ca.crt' },
      data: { 'ca.crt': 'CA' },
    })
    const dir = '/var/run/secrets/kubernetes.io/serviceaccount'
    const irsa = '/var/run/secrets/eks.amazonaws.com/serviceaccount'
    const pod = await node.create(
      `cat ${dir}/namespace ${dir}/ca.crt; echo; cat ${dir}/token; echo; cat $AWS_WEB_IDENTITY_TOKEN_FILE; echo; stat -Lc %a ${dir}/token`,
      {
        container: {
          env: [{ name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: `${irsa}/token` }],
          volumeMounts: [{ name: 'aws', mountPath: irsa, readOnly: true }],
        },
        spec: {
          volumes: [
            {
              name: 'aws',
              projected: {
                sources: [
                  {
                    serviceAccountToken: {
                      audience: 'sts.amazonaws.com',
                      expirationSeconds: 86400,
                      path: 'token',
                    },
                  },
                ],
              },
            },
          ],
        },
      },
    )
    const done = await node.wait(pod, (p) => ['Succeeded', 'Failed'].includes(p['status'].phase))
    const text = (await node.logs(pod)) ?? ''
    const [first, token = '', irsaToken = '', mode] = text.split('\n')
    assert.equal(first, 'defaultCA', text)
    const claims = (t: string) =>
      JSON.parse(Buffer.from(t.split('.')[1] ?? '', 'base64url').toString())
    assert.deepEqual(claims(irsaToken).aud, ['sts.amazonaws.com'])
    assert.equal(claims(token)['kubernetes.io'].pod.uid, pod.metadata.uid)
    assert.equal(mode, '644')
    const isolated = done['status'].conditions.find(
      (c: { type: string }) => c.type === 'podpass.dev/Isolated',
    )
    assert.equal(isolated?.status, isolation === 'none' ? 'False' : undefined)
  })
}

for (const isolation of ['bubblewrap', 'unshare', 'none'] as const) {
  test(`a token is renewed at 80 % of its life, and the container sees the new one (isolation ${isolation})`, async () => {
    await using node = await openNode(isolation)
    const token = { audience: 'a', expirationSeconds: 3600, path: 'token' }
    const source = { projected: { sources: [{ serviceAccountToken: token }] } }
    const read = 'cat /run/t/token'
    const pod = await node.create(
      `old=$(${read}); echo ready; while [ "$(${read})" = "$old" ]; do sleep 0.01; done; ${read}`,
      {
        container: { volumeMounts: [{ name: 't', mountPath: '/run/t' }] },
        spec: { ...bare, volumes: [{ name: 't', ...source }] },
      },
    )
    await node.wait(pod, node.phase('Running'))
    await eventually('first read', () => node.logText(pod).includes('ready'))
    const file = join(node.directory, 'node/pods', pod.metadata.uid, 'volumes/t/token')
    const first = readFileSync(file, 'utf8')
    node.clock.advance(0.79 * 3600_000)
    assert.equal(readFileSync(file, 'utf8'), first)
    node.clock.advance(0.02 * 3600_000)
    await node.wait(pod, node.phase('Succeeded'))
    const [, shown = ''] = ((await node.logs(pod)) ?? '').split('\n')
    assert.match(shown, /^e[\w-]+\.[\w-]+\.[\w-]+$/)
    assert.notEqual(shown, first)
  })
}

test('a volume whose ConfigMap is missing holds the pod until the map appears', async () => {
  await using node = await openNode()
  const pod = await node.create('cat /etc/settings/color', {
    container: { volumeMounts: [{ name: 'v', mountPath: '/etc/settings' }] },
    spec: {
      ...bare,
      volumes: [{ name: 'v', configMap: { name: 'settings' } }],
    },
  })
  await eventually('FailedMount', () => node.eventsOf(pod).length > 0)
  assert.deepEqual(node.eventsOf(pod), [
    'Warning FailedMount MountVolume.SetUp failed for volume "v" : configmap "settings" not found',
  ])
  const held = await node.wait(pod, (p) => p['status'].containerStatuses)
  assert.equal(state(held).waiting.reason, 'ContainerCreating')
  await node.client.create(configMaps, 'default', {
    metadata: { name: 'settings' },
    data: { color: 'blue' },
  })
  await node.wait(pod, node.phase('Succeeded'))
  assert.equal(await node.logs(pod), 'blue')
})

test('a changed ConfigMap shows in the volume of a running pod', async () => {
  await using node = await openNode()
  await node.client.create(configMaps, 'default', { metadata: { name: 's' }, data: { a: '1' } })
  const pod = await node.create(
    'while [ "$(cat /run/s/a)" = 1 ]; do sleep 0.01; done; cat /run/s/a',
    {
      container: { volumeMounts: [{ name: 'v', mountPath: '/run/s' }] },
      spec: {
        ...bare,
        volumes: [{ name: 'v', configMap: { name: 's' } }],
      },
    },
  )
  await node.wait(pod, node.phase('Running'))
  await node.client.modify(configMaps, 'default', 's', (map) => ({ ...map, data: { a: '2' } }))
  await node.wait(pod, node.phase('Succeeded'))
  assert.equal(await node.logs(pod), '2')
})
