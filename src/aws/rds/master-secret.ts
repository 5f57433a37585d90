/** The master user's password where RDS makes it up and keeps it in Secrets Manager. */
import { randomInt } from 'node:crypto'
import type { Call, Need } from '../operation.ts'
import { refuse } from './errors.ts'
import { type ClusterRecord, type MasterSecret, rdsArn, type Scope, type Tags } from './records.ts'

/** Where passwords are kept: the one port between RDS and Secrets Manager. Of a secret that is gone all is done already. */
export interface MasterSecrets {
  /** Answers its ARN. `at`: ms since the epoch. */
  create(
    secret: Scope & {
      readonly owner: 'rds'
      readonly kind: 'cluster'
      readonly description: string
      readonly value: string
      readonly kmsKeyId?: string | undefined
      readonly tags: Tags
      readonly at: number
    },
  ): Promise<string>
  rotate(scope: Scope, arn: string, value: string, at: number): Promise<void>
  delete(scope: Scope, arn: string): Promise<void>
}

/** What a request says of the password. */
export interface PasswordInput {
  readonly ManageMasterUserPassword?: boolean
  readonly MasterUserPassword?: string
  readonly MasterUserSecretKmsKeyId?: string
  readonly RotateMasterUserPassword?: boolean
  readonly ApplyImmediately?: boolean
}

const passwordLength = 28
/** Without what RDS takes in no password (`/ " @`, space), and what a shell or an URL would have to escape. */
const alphabet =
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#()*+,-.:<>?[]^_{|}~'

export function newMasterPassword(): string {
  return Array.from({ length: passwordLength }, () => alphabet[randomInt(alphabet.length)]).join('')
}

/** What the secret of a cluster holds. */
export function secretValue(username: string, password: string): string {
  return JSON.stringify({ username, password })
}

/** Makes the secret of a cluster. */
export async function createMasterSecret(
  secrets: MasterSecrets,
  cluster: Pick<ClusterRecord, 'account' | 'region' | 'arn' | 'masterUsername'>,
  password: string,
  kmsKeyId: string | undefined,
  at: number,
): Promise<MasterSecret> {
  const { account, region, masterUsername } = cluster
  const arn = await secrets.create({
    ...{ account, region, owner: 'rds', kind: 'cluster', kmsKeyId, at },
    description: `The secret associated with the primary RDS DB cluster: ${cluster.arn}`,
    value: secretValue(masterUsername, password),
    tags: { 'aws:rds:primaryDBClusterArn': cluster.arn },
  })
  return { arn, ...(kmsKeyId !== undefined && { kmsKeyId }) }
}

/** What the caller must be allowed in Secrets Manager; RDS names the secret, so that its name is not known yet. */
export function secretNeeds(
  input: PasswordInput,
  call: Call,
  identifier: string,
  present?: MasterSecret,
): Need[] {
  const tags = {
    'aws:secretsmanager:owningService': 'rds',
    'aws:rds:primaryDBClusterArn': rdsArn(call, 'cluster', identifier),
  }
  const need = (action: string, resource: string, kind: 'RequestTag' | 'ResourceTag'): Need => ({
    action: `secretsmanager:${action}`,
    resource,
    context: Object.fromEntries(
      Object.entries(tags).map(([key, value]) => [`aws:${kind}/${key}`, value]),
    ),
  })
  if (input.RotateMasterUserPassword && present) {
    return [need('RotateSecret', present.arn, 'ResourceTag')]
  }
  if (!input.ManageMasterUserPassword || present) return []
  const any = `arn:aws:secretsmanager:${call.region}:${call.account}:secret:rds!cluster-*`
  return [need('CreateSecret', any, 'RequestTag'), need('TagResource', any, 'RequestTag')]
}

/** Refuses words that contradict each other, or what there is (`present`). */
export function checkPasswordInput(input: PasswordInput, present?: MasterSecret): void {
  const refused = (text: string) => refuse.InvalidParameterCombination({ text })
  const { ManageMasterUserPassword: manage, MasterUserPassword, RotateMasterUserPassword } = input
  const managed = manage ?? present !== undefined
  if (managed && MasterUserPassword !== undefined) {
    throw refused(
      'MasterUserPassword can not be specified when ManageMasterUserPassword is enabled.',
    )
  }
  if (manage === false && present && MasterUserPassword === undefined) {
    throw refused('MasterUserPassword must be specified when ManageMasterUserPassword is disabled.')
  }
  if (input.MasterUserSecretKmsKeyId !== undefined && !manage) {
    throw refused('MasterUserSecretKmsKeyId is valid only with ManageMasterUserPassword.')
  }
  if (!RotateMasterUserPassword) return
  if (!present || !managed) {
    throw refused(
      'RotateMasterUserPassword is valid only if the master user password is managed in Secrets Manager.',
    )
  }
  if (!input.ApplyImmediately) {
    throw refused('RotateMasterUserPassword must be applied immediately: set ApplyImmediately.')
  }
}
