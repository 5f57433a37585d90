/** Jobs before the real kubectl: one under an IRSA ServiceAccount as AWS's guide runs it, and what people type around it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ok, startTestLab, type TestLab } from './support/lab.ts'

let lab: TestLab

before(async () => {
  lab = await startTestLab()
  ok(await lab.shell('eksctl create cluster --name irsa --region ap-northeast-1'))
})
after(() => lab[Symbol.asyncDispose]())

const kubectl = async (line: string) => ok(await lab.kubectl(...line.split(' '))).stdout

/** The Job of AWS's guide to IRSA, with what it does given. */
const job = (name: string, spec: object, container: object = {}) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name },
  spec: {
    ...spec,
    template: {
      metadata: { labels: { app: name } },
      spec: {
        serviceAccountName: 's3-echoer',
        restartPolicy: 'Never',
        containers: [
          { name: 'main', image: 'amazon/aws-cli:latest', args: ['s3', 'ls'], ...container },
        ],
      },
    },
  },
})

test('a Job under an annotated ServiceAccount reads S3 as its role', async () => {
  ok(await lab.shell('aws s3 mb s3://irsa-target'))
  ok(await lab.shell('eksctl utils associate-iam-oidc-provider --cluster=irsa --approve'))
  ok(
    await lab.shell(
      "eksctl create iamserviceaccount --name s3-echoer --namespace default --cluster irsa --approve \\\n --attach-policy-arn $(aws iam list-policies --query 'Policies[?PolicyName==`AmazonS3ReadOnlyAccess`].Arn' --output text)",
    ),
  )
  await lab.apply(job('s3-echoer', { backoffLimit: 0 }))
  await kubectl('wait --for=condition=complete job/s3-echoer --timeout=60s')
  assert.match(await kubectl('logs job/s3-echoer'), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d irsa-target$/m)
  assert.match(
    await kubectl('get jobs -l app=s3-echoer'),
    /^NAME +STATUS +COMPLETIONS +DURATION +AGE\ns3-echoer +Complete +1\/1 +\d+s +\d+s\n$/,
  )
  assert.match(
    await kubectl('get job s3-echoer -o wide'),
    /AGE +CONTAINERS +IMAGES +SELECTOR\n.* main +amazon\/aws-cli:latest +batch\.kubernetes\.io\/controller-uid=[0-9a-f-]{36}\n$/,
  )
  const described = await kubectl('describe job s3-echoer')
  for (const line of [
    /^Selector: +batch\.kubernetes\.io\/controller-uid=[0-9a-f-]{36}$/m,
    /^Parallelism: +1\nCompletions: +1\nCompletion Mode: +NonIndexed\nSuspend: +false\nBackoff Limit: +0$/m,
    /^Pods Statuses: +0 Active \(0 Ready\) \/ 1 Succeeded \/ 0 Failed$/m,
    /Normal +SuccessfulCreate +\S+ +job-controller +Created pod: s3-echoer-[a-z0-9]{5}$/m,
    /Normal +Completed +\S+ +job-controller +Job completed$/m,
  ]) {
    assert.match(described, line)
  }
  const [pod] = JSON.parse(await kubectl('get pods -l job-name=s3-echoer -o json')).items
  const env: { name: string; value: string }[] = pod.spec.containers[0].env
  assert.match(env.find((e) => e.name === 'AWS_ROLE_ARN')?.value ?? '', /role\/podpass-irsa-/)
  assert.equal(pod.metadata.finalizers, undefined)
})

test('pods that a Deployment makes get the role too', async () => {
  const labels = { app: 'reader' }
  const containers = [{ name: 'main', image: 'busybox', command: ['sleep', '600'] }]
  await lab.apply({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'reader' },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { serviceAccountName: 's3-echoer', terminationGracePeriodSeconds: 0, containers },
      },
    },
  })
  await kubectl('rollout status deployment/reader --timeout=60s')
  const arn = '{.items[0].spec.containers[0].env[?(@.name=="AWS_ROLE_ARN")].value}'
  assert.match(await kubectl(`get pods -l app=reader -o jsonpath=${arn}`), /role\/podpass-irsa-/)
  await kubectl('delete deployment reader')
})

test('what is applied again is unchanged; a template is for good', async () => {
  const apply = (manifest: object, ...args: string[]) =>
    lab.run('kubectl', ['apply', ...args, '-f', '-'], { input: JSON.stringify(manifest) })
  assert.match(ok(await apply(job('s3-echoer', { backoffLimit: 0 }))).stdout, /unchanged/)
  const other = await apply(job('s3-echoer', { backoffLimit: 0 }, { args: ['s3', 'mb'] }))
  assert.match(
    other.stderr,
    /^The Job "s3-echoer" is invalid: spec\.template: Invalid value: .*: field is immutable$/m,
  )
  const always = job('always', {})
  const { restartPolicy: _, ...spec } = always.spec.template.spec
  const refused = await apply({ ...always, spec: { template: { spec } } })
  assert.match(
    refused.stderr,
    /^The Job "always" is invalid: spec\.template\.spec\.restartPolicy: Required value: valid values: "OnFailure", "Never"$/m,
  )
  const server = job('server', {})
  ok(await apply(server, '--server-side'))
  assert.match(ok(await apply(server, '--server-side')).stdout, /serverside-applied/)
})

test('kubectl creates, waits for and deletes Jobs, and their pods go with them', async () => {
  await kubectl('create job hello --image=busybox -- echo hello')
  await kubectl('wait --for=condition=complete job/hello --timeout=60s')
  assert.equal(await kubectl('logs job/hello'), 'hello\n')
  assert.equal(await kubectl('delete job hello'), 'job.batch "hello" deleted\n')
  await kubectl('wait --for=delete pod -l job-name=hello --timeout=60s')
  await kubectl('create job broken --image=busybox -- false')
  await kubectl('wait job/broken --for=jsonpath={.status.failed}=1 --timeout=60s')
  await kubectl('delete job broken --cascade=foreground')
  assert.equal(await kubectl('get pods -l job-name=broken -o name'), '')
})

test('a Job that is deleted while it runs takes its pod with it', async () => {
  await kubectl('create job long --image=busybox -- sleep 600')
  await kubectl('wait job/long --for=jsonpath={.status.ready}=1 --timeout=60s')
  assert.match(await kubectl('get job long'), /long +Running +0\/1 /)
  await kubectl('delete job long')
  await kubectl('wait --for=delete pod -l job-name=long --timeout=60s')
})

test('an indexed Job tells each pod its index', async () => {
  const script = 'echo "$JOB_COMPLETION_INDEX of $(hostname)"'
  await lab.apply(
    job(
      'indexed',
      { completionMode: 'Indexed', completions: 2, parallelism: 2 },
      { image: 'busybox', command: ['sh', '-c', script], args: [] },
    ),
  )
  await kubectl('wait --for=condition=complete job/indexed --timeout=60s')
  const logs = await kubectl('logs -l job-name=indexed')
  assert.match(logs, /^0 of /m)
  assert.match(logs, /^1 of /m)
  assert.match(await kubectl('describe job indexed'), /^Completed Indexes: +0,1$/m)
})

test('a Job that fails is made again when the clock has moved on, and ends at its limit', async () => {
  const fails = { image: 'busybox', command: ['sh', '-c', 'exit 3'], args: [] }
  await lab.apply(job('fails', { backoffLimit: 1 }, fails))
  await kubectl('wait job/fails --for=jsonpath={.status.failed}=1 --timeout=60s')
  ok(await lab.podpass('clock', 'advance', '10s'))
  await kubectl('wait job/fails --for=condition=failed --timeout=60s')
  assert.match(await kubectl('get job fails'), /fails +Failed +0\/1 /)
  assert.match(
    await kubectl('describe job fails'),
    /Warning +BackoffLimitExceeded +\S+ +job-controller +Job has reached the specified backoff limit$/m,
  )
})

test('a namespace goes with its Jobs', async () => {
  await kubectl('create namespace batch')
  await kubectl('create job -n batch long --image=busybox -- sleep 600')
  await kubectl('wait -n batch job/long --for=jsonpath={.status.active}=1 --timeout=60s')
  await kubectl('delete namespace batch --timeout=60s')
})

test('a CronJob runs when the clock is advanced, and by hand from its template', async () => {
  await kubectl('create cronjob tick --image=busybox --schedule=@yearly -- echo tick')
  assert.match(
    await kubectl('get cj'),
    /^NAME +SCHEDULE +TIMEZONE +SUSPEND +ACTIVE +LAST SCHEDULE +AGE\ntick +@yearly +<none> +False +0 +<none> +\d+s\n$/,
  )
  await kubectl('create job by-hand --from=cronjob/tick')
  await kubectl('wait --for=condition=complete job/by-hand --timeout=60s')
  assert.equal(await kubectl('logs job/by-hand'), 'tick\n')
  await kubectl('patch cronjob tick -p {"spec":{"schedule":"@hourly"}}')
  ok(await lab.podpass('clock', 'advance', '1h'))
  await kubectl('wait cronjob/tick --for=jsonpath={.status.lastScheduleTime} --timeout=60s')
  // One more where the wall's clock strikes meanwhile.
  const names = (await kubectl('get jobs -o name')).match(/job\.batch\/tick-\d+/g) ?? []
  assert.ok(names.length > 0)
  await kubectl(`wait --for=condition=complete ${names[0]} --timeout=60s`)
  const described = await kubectl('describe cronjob tick')
  assert.match(
    described,
    /Normal +SuccessfulCreate +\S+ +cronjob-controller +Created job tick-\d+$/m,
  )
  await kubectl('delete cronjob tick')
  await kubectl(`wait --for=delete ${names[0]} --timeout=60s`)
})
