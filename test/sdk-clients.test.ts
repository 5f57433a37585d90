/** The same chain with other clients: pods made with the Kubernetes client library, S3 asked by the SDKs. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CoreV1Api, KubeConfig, makeInformer, type V1Pod } from '@kubernetes/client-node'
import { ok, startTestLab, type TestLab } from './support/lab.ts'

const script = fileURLToPath(new URL('support/list-buckets.mjs', import.meta.url))
const namespace = 'default'
let lab: TestLab
let config: KubeConfig
let api: CoreV1Api

before(async () => {
  lab = await startTestLab()
  ok(await lab.podpass('create', 'cluster', '--name', 'irsa', '--nodes', '1', '--with-oidc'))
  ok(await lab.aws('s3', 'mb', 's3://my-bucket'))
  const policy = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
  const create = ['create', 'iamserviceaccount', '--name', 'my-sa', '--cluster', 'irsa']
  ok(await lab.podpass(...create, '--attach-policy-arn', policy, '--approve'))
  config = new KubeConfig()
  config.loadFromFile(lab.environment['KUBECONFIG'] ?? '')
  config.setCurrentContext(
    config.contexts.find(({ name }) => name.startsWith('admin@'))?.name ?? '',
  )
  api = config.makeApiClient(CoreV1Api)
})
after(() => lab[Symbol.asyncDispose]())

/** Makes a pod and answers its log and exit code once it has ended, as an informer tells. */
async function runPod(
  name: string,
  container: { image: string; command?: string[]; args?: string[] },
  serviceAccountName: string,
): Promise<{ log: string; exitCode: number | undefined }> {
  const list = () => api.listNamespacedPod({ namespace })
  const informer = makeInformer(config, `/api/v1/namespaces/${namespace}/pods`, list)
  const ended = new Promise<V1Pod>((resolve, reject) => {
    const look = (pod: V1Pod) => {
      if (pod.metadata?.name !== name) return
      if (['Succeeded', 'Failed'].includes(pod.status?.phase ?? '')) resolve(pod)
    }
    informer.on('add', look)
    informer.on('update', look)
    informer.on('error', reject)
  })
  await informer.start()
  await api.createNamespacedPod({
    namespace,
    body: {
      metadata: { name },
      spec: {
        restartPolicy: 'Never',
        serviceAccountName,
        containers: [{ name: 'main', ...container }],
      },
    },
  })
  const pod = await ended
  await informer.stop()
  const log = await api.readNamespacedPodLog({ namespace, name })
  return { log, exitCode: pod.status?.containerStatuses?.[0]?.state?.terminated?.exitCode }
}

test('a pod made with the client library lists buckets with the AWS command line', async () => {
  const { log, exitCode } = await runPod(
    'client-node',
    { image: 'amazon/aws-cli', args: ['s3', 'ls'] },
    'my-sa',
  )
  assert.equal(exitCode, 0, log)
  assert.match(log, / my-bucket$/m)
})

test('the AWS SDK for JavaScript finds the role in the pod', async () => {
  const container = { image: 'node', command: [process.execPath, script] }
  assert.deepEqual(await runPod('sdk-js', container, 'my-sa'), {
    log: '["my-bucket"]\n',
    exitCode: 0,
  })
  const refused = await runPod('sdk-js-node-role', container, 'default')
  assert.match(
    refused.log,
    /^AccessDenied: User: arn:aws:sts::111122223333:assumed-role\/eksctl-irsa-nodegroup/,
  )
})

test('boto3 finds the role in the pod', async (t) => {
  const python = process.env['PODPASS_TEST_PYTHON']
  if (!python) return t.skip('boto3 is not to be had here')
  const code =
    'import boto3; print([b["Name"] for b in boto3.client("s3").list_buckets()["Buckets"]])'
  const container = { image: 'python', command: [python, '-c', code] }
  assert.deepEqual(await runPod('boto3', container, 'my-sa'), {
    log: "['my-bucket']\n",
    exitCode: 0,
  })
  const refused = await runPod('boto3-node-role', container, 'default')
  assert.match(refused.log, /AccessDenied.*NodeInstanceRole/)
})
