/** Pods without an identity of their own find the node's role through instance metadata: real clients inside pods. */
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { PodSubject } from '../src/audit/audit-log.ts'
import { silentLog } from '../src/audit/log.ts'
import { type Kubelet, startKubelet } from '../src/kubernetes/kubelet/kubelet.ts'
import { pods } from '../src/kubernetes/resources.ts'
import { createImageMap } from '../src/kubernetes/runtime/images.ts'
import { createProcessRuntime } from '../src/kubernetes/runtime/process/process-runtime.ts'
import { type MetadataOptions, startInstanceMetadata } from '../src/node/instance-metadata.ts'
import { openCluster, until } from './support/cluster.ts'
import { wallClock } from './support/kubernetes-server.ts'

const instanceId = 'i-0123456789abcdef0'
const nodeName = 'ip-192-168-0-10.ap-northeast-1.compute.internal'
const path = process.env['PATH'] ?? ''
const stack = new AsyncDisposableStack()
const asked: (PodSubject | undefined)[] = []
let options: MetadataOptions = {}
let cluster: Awaited<ReturnType<typeof openCluster>>
let kubelet: Kubelet

before(async () => {
  cluster = stack.use(await openCluster())
  const { client, clock, directory } = cluster
  const log = silentLog
  const s3 = stack.adopt(await fakeS3(), (server) => {
    server.close()
  })
  const { port } = s3.address() as AddressInfo
  const metadata = stack.use(
    await startInstanceMetadata({
      host: '127.0.0.1',
      port: 0,
      // The clients judge the credentials' end by their own clocks.
      clock: wallClock,
      log,
      instance: {
        instanceId,
        instanceType: 'm5.large',
        privateIp: '192.168.0.10',
        hostname: nodeName,
        account: '111122223333',
        region: 'ap-northeast-1',
        availabilityZone: 'ap-northeast-1a',
      },
      roleArn: 'arn:aws:iam::111122223333:role/node-role',
      clusterName: 'irsa',
      options: () => options,
      credentials: ({ pod, durationSeconds }) => {
        asked.push(pod)
        const expiration = Date.now() + durationSeconds * 1000
        return {
          accessKeyId: 'ASIANODEROLE00000001',
          secretAccessKey: 'secret',
          sessionToken: 'token',
          expiration,
        }
      },
    }),
  )
  const runtime = stack.use(
    await createProcessRuntime({ path, hidden: [directory], directory, log }),
  )
  kubelet = stack.use(
    await startKubelet({
      client,
      clock,
      node: {
        name: nodeName,
        internalIp: '192.168.0.10',
        instanceId,
        instanceType: 'm5.large',
        region: 'ap-northeast-1',
        availabilityZone: 'ap-northeast-1a',
      },
      runtime,
      directory: join(directory, 'node'),
      podEnvironment: async (pod) => ({
        AWS_EC2_METADATA_SERVICE_ENDPOINT: await metadata.endpointFor(pod),
        AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
        AWS_REGION: 'ap-northeast-1',
        AWS_DEFAULT_REGION: 'ap-northeast-1',
      }),
      podGone: (pod) => metadata.forget(pod),
      images: createImageMap({ path }),
      log,
    }),
  )
})
after(() => stack.disposeAsync())

/** Answers ListBuckets with whoever signed as the one bucket. */
async function fakeS3(): Promise<Server> {
  const server = createServer((request, response) => {
    const key =
      /Credential=([A-Z0-9]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? 'nobody'
    const token = request.headers['x-amz-security-token'] ?? ''
    const name = `signed-by-${key}-${token}`.toLowerCase()
    response.setHeader('content-type', 'application/xml')
    response.end(
      `<?xml version="1.0"?><ListAllMyBucketsResult><Owner><ID>o</ID></Owner><Buckets><Bucket><Name>${name}</Name><CreationDate>2026-01-01T00:00:00.000Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>`,
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  return server
}

async function runPod(name: string, container: object): Promise<string> {
  const { client } = cluster
  await client.create(pods, 'default', {
    metadata: { name },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      containers: [{ name: 'c', ...container }],
    },
  })
  await client.bind('default', name, nodeName)
  const isOver = (phase: string) => ['Succeeded', 'Failed'].includes(phase)
  await until(client, pods, { namespace: 'default', name }, (p) => isOver(p?.['status'].phase))
  const stream = kubelet.logs('default', name, 'c', {
    follow: false,
    previous: false,
    timestamps: false,
  })
  let text = ''
  for await (const piece of stream ?? []) text += Buffer.from(piece).toString()
  return text
}

const aws = (...args: string[]) => ({ image: 'amazon/aws-cli:latest', args })
const bucket = 'signed-by-asianoderole00000001-token'

test('aws s3 ls in a pod signs with the node role, and the pod is known', async () => {
  assert.match(await runPod('aws-ls', aws('s3', 'ls')), new RegExp(bucket))
  assert.equal(asked.at(-1)?.pod, 'aws-ls')
})

test('aws configure list in a pod names the node role as the source', async () => {
  assert.match(await runPod('aws-list', aws('configure', 'list')), /access_key +\S*0001 +iam-role/)
})

test('a pod does not see the keys of whoever runs the lab', async () => {
  const text = await runPod('env', { image: 'busybox', command: ['sh', '-c', 'env; ls -A ~'] })
  assert.doesNotMatch(text, /AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|PROFILE)=/)
})

test('the SDK for JavaScript finds the node role too, though it drops the path of its endpoint', async () => {
  const code = `
    const { S3Client, ListBucketsCommand } = await import(${JSON.stringify(import.meta.resolve('@aws-sdk/client-s3'))})
    const { Buckets } = await new S3Client({}).send(new ListBucketsCommand({}))
    console.log(Buckets[0].Name)`
  const command = [process.execPath, '--input-type=module', '-e', code]
  assert.match(await runPod('sdk', { image: 'busybox', command }), new RegExp(bucket))
  assert.equal(asked.at(-1)?.pod, 'sdk')
})

test('where tokens are required and the hop limit is 1, a pod finds no credentials', async () => {
  options = { httpTokens: 'required', hopLimit: 1 }
  assert.match(await runPod('blocked', aws('s3', 'ls')), /Unable to locate credentials/)
  options = {}
})
