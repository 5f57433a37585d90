/** Roles as the benchmarks store them, and how much memory is in use. */
import { entityKey } from '../src/aws/iam/names.ts'
import type { RoleRecord } from '../src/aws/iam/records.ts'
import type { Change, Store } from '../src/store/store.ts'

export const account = '111122223333'

export const trustPolicy = (name: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/localhost/id/demo` },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringEquals: {
            'localhost/id/demo:aud': 'sts.amazonaws.com',
            'localhost/id/demo:sub': `system:serviceaccount:default:${name}`,
          },
        },
      },
    ],
  })

const inlinePolicy = (name: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 's3:ListBucket', Resource: `arn:aws:s3:::${name}` },
      { Effect: 'Allow', Action: ['s3:GetObject'], Resource: `arn:aws:s3:::${name}/*` },
    ],
  })

export const nameOf = (index: number) => `service-${String(index).padStart(6, '0')}`

/** An IRSA role as it usually is: a trust policy for one service account, an inline policy and an attached one. */
function role(index: number): RoleRecord {
  const name = nameOf(index)
  return {
    name,
    path: '/',
    id: `AROA${String(index).padStart(17, 'A')}`,
    createdAt: 1_767_225_600,
    inline: { access: inlinePolicy(name) },
    attached: [{ arn: 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess' }],
    trustPolicy: trustPolicy(name),
    maxSessionDuration: 3600,
  }
}

/** Stores `count` of them, 5,000 in a transaction. */
export async function fill(store: Store, count: number): Promise<void> {
  for (let from = 0; from < count; from += 5_000) {
    const changes: Change[] = []
    for (let index = from; index < Math.min(count, from + 5_000); index += 1) {
      const record = role(index)
      changes.push({ kind: 'create', key: entityKey(account, 'role', record.name), value: record })
    }
    await store.transact(changes)
  }
}

/** Bytes of the heap that are in use; needs `--expose-gc`. */
export async function heap(): Promise<number> {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.()
    // Finalizers run between turns; what they free, the next round collects.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return process.memoryUsage().heapUsed
}
