/** A password that RDS manages, in a lab: a pod with IRSA fetches it from Secrets Manager and logs in, before and after a rotation. */
import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { noAurora } from './support/aurora.ts'
import { awsPod, ok, startTestLab, type TestLab } from './support/lab.ts'

const skip = noAurora()
const named = ['--db-cluster-identifier', 'shop']
let lab: TestLab
let cluster: { Endpoint: string; Port: number; MasterUserSecret: { SecretArn: string } }

before(async () => {
  if (skip) return
  lab = await startTestLab({ home: mkdtempSync(join(tmpdir(), 'podpass-test-')) })
  const made = ok(
    await lab.aws(
      ...['rds', 'create-db-cluster', ...named, '--engine', 'aurora-postgresql'],
      ...['--master-username', 'postgres', '--manage-master-user-password', '--output', 'json'],
    ),
  )
  cluster = (JSON.parse(made.stdout) as { DBCluster: typeof cluster }).DBCluster
})
after(async () => {
  if (!lab) return
  await lab.aws('rds', 'delete-db-cluster', ...named, '--skip-final-snapshot')
  await lab[Symbol.asyncDispose]()
})

/** Logs in with the password of this stage, in a pod; answers its log. */
async function login(pod: string, stage: string, account = 'reader'): Promise<string> {
  const { Endpoint, Port, MasterUserSecret } = cluster
  const command = `
    secret=$(aws secretsmanager get-secret-value --secret-id '${MasterUserSecret.SecretArn}' \\
      --version-stage ${stage} --query SecretString --output text) || exit 1
    PGPASSWORD=$(printf %s "$secret" | sed 's/.*"password":"\\(.*\\)"}/\\1/')
    export PGPASSWORD
    psql -XAt "host=${Endpoint} port=${Port} user=postgres dbname=postgres sslmode=verify-full sslrootcert=$AWS_CA_BUNDLE" -c 'SELECT current_user'`
  const main = { name: 'main', image: 'debian:12', command: ['bash', '-c', command] }
  await lab.apply(awsPod(pod, { containers: [main], serviceAccountName: account }))
  return lab.logsOfEnded(pod)
}

test('a pod whose role may read the secret logs in as the master user, another may not', {
  skip,
}, async () => {
  const { SecretArn } = cluster.MasterUserSecret
  const config = {
    apiVersion: 'eksctl.io/v1alpha5',
    kind: 'ClusterConfig',
    metadata: { name: 'irsa', region: 'ap-northeast-1' },
    managedNodeGroups: [{ name: 'workers', desiredCapacity: 1 }],
    iam: {
      withOIDC: true,
      serviceAccounts: [
        {
          metadata: { name: 'reader' },
          attachPolicy: {
            Version: '2012-10-17',
            Statement: [
              { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: SecretArn },
            ],
          },
        },
      ],
    },
  }
  ok(await lab.shell(`podpass create cluster -f - <<'END'\n${JSON.stringify(config)}\nEND`))
  assert.equal(await login('reads', 'AWSCURRENT'), 'postgres\n')
  assert.match(
    await login('bare', 'AWSCURRENT', 'default'),
    /\(AccessDeniedException\).*is not authorized to perform: secretsmanager:GetSecretValue/,
  )
  const modify = ['rds', 'modify-db-cluster', ...named, '--apply-immediately']
  ok(await lab.aws(...modify, '--rotate-master-user-password'))
  assert.equal(await login('rotated', 'AWSCURRENT'), 'postgres\n')
  assert.match(await login('stale', 'AWSPREVIOUS'), /password authentication failed/)
})
