import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../../test/support/cluster.ts'
import type { KubernetesObject } from '../object.ts'
import { bare, openNode, state } from './testing.ts'

const volume = { volumes: [{ name: 'v', emptyDir: {} }] }
const mount = (mountPath: string, more = {}) => ({
  volumeMounts: [{ name: 'v', mountPath, ...more }],
})

/** Pods that cannot run as they are: what becomes of the container, and with which words. */
const cases: [string, object, object, RegExp][] = [
  [
    'a command that is not there',
    {},
    { command: ['no-such'] },
    /^StartError 128 .*exec: "no-such": executable file not found in \$PATH/,
  ],
  [
    'a command that is a directory',
    {},
    { command: ['/etc'] },
    /^StartError 128 .*exec: "\/etc": is a directory/,
  ],
  [
    'a command that may not be run',
    {},
    { command: ['/etc/passwd'] },
    /^StartError 128 .*permission denied/,
  ],
  ['an empty command word', {}, { command: [''] }, /^StartError 128 /],
  ['a mount over /proc', volume, mount('/proc/sys/x'), /^StartError \d+ .*bwrap: /],
  [
    'a mount over the programs',
    volume,
    mount('/usr'),
    /^StartError 128 .*(executable file not found|bwrap: execvp)/,
  ],
  ['a mount over a file', volume, mount('/etc/passwd/x'), /^StartError 128 .*not a directory/],
  [
    'a subPath out of the volume',
    volume,
    mount('/v', { subPathExpr: '$(UP)', subPath: undefined }),
    /CreateContainerConfigError - failed to prepare subPath for volumeMount "v" of container "c"/,
  ],
  [
    'a working directory that is a file',
    {},
    { workingDir: '/etc/passwd' },
    /^(StartError \d+ .*bwrap: |Error)/,
  ],
  ['a working directory that is relative', {}, { workingDir: 'x' }, /./],
  [
    'an argument with a zero byte',
    {},
    { args: ['sh', '-c', 'a\0b'] },
    /^StartError 128 .*null bytes/,
  ],
  [
    'an argument that is too long',
    {},
    { args: ['sh', '-c', `: ${'x'.repeat(200_000)}`] },
    /^StartError 128 .*E2BIG/,
  ],
  [
    'a variable without a name',
    {},
    { env: [{ name: 'A', value: 'x'.repeat(200_000) }] },
    /^StartError 128 .*E2BIG/,
  ],
  [
    'an image name that is none',
    {},
    { image: 'NOT//an image' },
    /^InvalidImageName - Failed to apply default image tag "NOT\/\/an image": couldn't parse image name/,
  ],
  [
    'root where it must not be',
    {},
    { securityContext: { runAsNonRoot: true, runAsUser: 0 } },
    /CreateContainerConfigError - container's runAsUser breaks non-root policy/,
  ],
  [
    'a field that does not exist',
    {},
    { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.nothing' } } }] },
    /CreateContainerConfigError - unsupported fieldPath: spec\.nothing|^$/,
  ],
]

test('a pod that cannot run says why, and the kubelet goes on', async () => {
  await using node = await openNode('bubblewrap')
  for (const [what, spec, container, expected] of cases) {
    const env = { env: [{ name: 'UP', value: '../..' }] }
    let pod: KubernetesObject
    try {
      pod = await node.create('exit 0', {
        spec: { ...bare, ...spec },
        container: { ...env, ...container },
      })
    } catch (error) {
      // Refused at the door: just as well.
      assert.match(String((error as { code?: string }).code), /Invalid|BadRequest/, what)
      continue
    }
    const settled = await node.wait(pod, (p) => {
      const { waiting, terminated } = state(p) ?? {}
      return terminated || (waiting && waiting.reason !== 'ContainerCreating')
    })
    const { waiting, terminated } = state(settled)
    const { reason, message = '', exitCode = '-' } = waiting ?? terminated
    assert.match(`${reason} ${exitCode} ${message}`, expected, what)
  }
  const fine = await node.create('echo fine', { spec: bare })
  await node.wait(fine, node.phase('Succeeded'))
  assert.equal(await node.logs(fine), 'fine\n')
})

test('a volume of a kind that is not supported, or a host path of the wrong type, holds the pod with a reason', async () => {
  await using node = await openNode()
  for (const [source, expected] of [
    [{ nfs: { server: 's', path: '/' } }, /volumes of type nfs are not supported by this node/],
    [
      { hostPath: { path: '/etc/passwd', type: 'Directory' } },
      /hostPath type check failed: \/etc\/passwd is not a directory/,
    ],
    [{ secret: { secretName: 'none' } }, /secret "none" not found/],
  ] as const) {
    const pod = await node.create('true', {
      spec: { ...bare, volumes: [{ name: 'v', ...source }] },
      container: mount('/v'),
    })
    await eventually('event', () => node.eventsOf(pod).some((e) => expected.test(e)))
    assert.match(
      node.eventsOf(pod)[0] ?? '',
      /^Warning FailedMount MountVolume\.SetUp failed for volume "v" : /,
    )
  }
})
