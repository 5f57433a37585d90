/** Terraform as the judge of EKS, and IRSA as its modules make it: the pod with the role reads, by what they made. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { awsPod, ok, startTestLab, type TestLab } from './support/lab.ts'
import { noTerraform, startTerraform } from './support/terraform.ts'

const skip = noTerraform()
let lab: TestLab
before(async () => {
  if (!skip) lab = await startTestLab()
})
after(() => lab?.[Symbol.asyncDispose]())

test('Terraform makes a cluster with IRSA that works, changes all of it in place, and destroys it', {
  skip,
}, async (t) => {
  const { environment } = lab
  const terraform = await startTerraform(t, { configuration: 'eks-terraform', environment })
  assert.equal(await terraform.apply(), '22 added, 0 changed, 0 destroyed')
  await terraform.expectNoChanges()
  const { issuer, provider, role, thumbprints, versions } = await terraform.outputs()
  const path = String(issuer).replace('https://', '')
  assert.equal(provider, `arn:aws:iam::111122223333:oidc-provider/${path}`)
  assert.match(String(thumbprints), /^[0-9a-f]{40}$/)
  assert.ok((versions as string[]).includes('1.33'))

  // What Terraform's Kubernetes and Helm providers log in with.
  const resources = await terraform.state()
  const login = resources.find(({ type }) => type === 'aws_eks_cluster_auth')?.values['token']
  const described = resources.find(({ address }) => address === 'data.aws_eks_cluster.this')
  const server = ['--server', described?.values['endpoint'], '--token', login]
  const kubectl = ['--kubeconfig', '/dev/null', '--insecure-skip-tls-verify', ...server]
  const who = ok(await lab.kubectl(...kubectl, 'auth', 'whoami', '-o', 'json'))
  const arn = 'arn:aws:iam::111122223333:user/administrator'
  assert.deepEqual(JSON.parse(who.stdout).status.userInfo.extra.arn, [arn])

  ok(await lab.aws('eks', 'update-kubeconfig', '--name', 'tf'))
  const annotations = { 'eks.amazonaws.com/role-arn': role }
  const metadata = { name: 'app', annotations }
  await lab.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata })
  const args = ['sts', 'get-caller-identity', '--query', 'Arn', '--output', 'text']
  await lab.apply(awsPod('app', { serviceAccountName: 'app', args }))
  const caller = /^arn:aws:sts::111122223333:assumed-role\/tf-irsa\/\S+\n$/
  assert.match(await lab.logsOfEnded('app'), caller)

  const changed = ['-var', 'changed=true']
  assert.equal(await terraform.apply(...changed), '0 added, 6 changed, 0 destroyed')
  await terraform.expectNoChanges(...changed)
  assert.equal((await terraform.outputs())['nodes'], 2)
  const gone = await terraform.apply('-destroy', ...changed)
  assert.equal(gone, '0 added, 0 changed, 22 destroyed')
  const clusters = ok(await lab.aws('eks', 'list-clusters', '--output', 'text'))
  assert.equal(clusters.stdout.trim(), '')
})
