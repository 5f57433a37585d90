/** The lab's clock ages what the lab judges: tokens are rotated in running pods, and old ones are refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { ok, startTestLab } from './support/lab.ts'

const tokenFile = '/var/run/secrets/eks.amazonaws.com/serviceaccount/token'
const watchToken = `old=; while :; do new=$(cat ${tokenFile}); [ "$new" = "$old" ] || echo "$new"; old=$new; sleep 0.1; done`

test('a pod’s token is swapped when 80 % of its life are over; STS takes the new one and refuses the old', async () => {
  await using lab = await startTestLab()
  ok(await lab.podpass('create', 'cluster', '--name', 'irsa', '--nodes', '1', '--with-oidc'))
  const create = ['create', 'iamserviceaccount', '--name', 'my-sa', '--cluster', 'irsa']
  const policy = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
  ok(await lab.podpass(...create, '--attach-policy-arn', policy, '--approve'))
  await lab.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'watcher' },
    spec: {
      serviceAccountName: 'my-sa',
      containers: [{ name: 'main', image: 'busybox', command: ['sh', '-c', watchToken] }],
    },
  })
  ok(await lab.kubectl('wait', 'pod/watcher', '--for=condition=Ready', '--timeout=30s'))
  /** The tokens that the pod has seen, once there are `count`. */
  const tokens = async (count: number): Promise<string[]> => {
    for (let attempt = 0; attempt < 100; attempt++) {
      const seen = ok(await lab.kubectl('logs', 'watcher'))
        .stdout.trim()
        .split('\n')
      if (seen.length >= count && seen[0]) return seen
      await pause(100)
    }
    throw new Error(`the pod did not see ${count} tokens`)
  }
  const [first = ''] = await tokens(1)
  ok(await lab.podpass('clock', 'advance', '18h'))
  ok(await lab.podpass('clock', 'advance', '90m'))
  const [, second = ''] = await tokens(2)
  assert.notEqual(second, first)
  const trade = (token: string) =>
    lab.aws(
      ...['sts', 'assume-role-with-web-identity', '--role-session-name', 'clock'],
      ...['--role-arn', 'arn:aws:iam::111122223333:role/podpass-irsa-default-my-sa'],
      ...['--web-identity-token', token],
    )
  ok(await trade(first))
  ok(await lab.podpass('clock', 'advance', '5h'))
  assert.match((await trade(first)).stderr, /\(ExpiredTokenException\)/)
  ok(await trade(second))
  const shown = JSON.parse(ok(await lab.podpass('clock', 'show', '-o', 'json')).stdout) as {
    offsetSeconds: number
  }
  assert.equal(shown.offsetSeconds, 24.5 * 3600)
  ok(await lab.podpass('down'))
  ok(await lab.podpass('up', '-d'))
  const kept = JSON.parse(ok(await lab.podpass('clock', 'show', '-o', 'json')).stdout) as {
    offsetSeconds: number
  }
  assert.equal(kept.offsetSeconds, 24.5 * 3600, 'the clock goes on where it was')
  ok(await lab.podpass('clock', 'reset'))
  const wrong = await lab.podpass('clock', 'advance', 'soon')
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /^error: `soon` is no duration/)
})
