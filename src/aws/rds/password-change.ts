/** Another password for the master user of a cluster that is there: given, made up, or rotated. */
import type { Call } from '../operation.ts'
import type { RdsDeps } from './deps.ts'
import { refuse } from './errors.ts'
import {
  createMasterSecret,
  newMasterPassword,
  type PasswordInput,
  secretValue,
} from './master-secret.ts'
import type { ClusterRecord } from './records.ts'
import { checkMasterPassword } from './validation.ts'

export interface PasswordChange {
  /** The record with the new password. Throws where another call changed who manages it. */
  change(current: ClusterRecord): ClusterRecord
  /** Once the record is written: the secret follows it. */
  settle(): Promise<void>
  /** Where the record was not written: takes back what was made for it. */
  undo(): Promise<void>
}

const nothing = async () => {}

/** What a request that has been checked means for the password and its secret; a new secret is made here. */
export async function passwordChange(
  input: PasswordInput,
  cluster: ClusterRecord,
  call: Pick<Call, 'at'>,
  { databases, secrets }: Pick<RdsDeps, 'databases' | 'secrets'>,
): Promise<PasswordChange> {
  const { MasterUserPassword: given, MasterUserSecretKmsKeyId: key } = input
  const { masterSecret: secret } = cluster
  const isNew = input.ManageMasterUserPassword === true && !secret
  if (given === undefined && !isNew && !input.RotateMasterUserPassword) {
    return { change: (current) => current, settle: nothing, undo: nothing }
  }
  const password = given === undefined ? newMasterPassword() : checkMasterPassword(given)
  const masterPasswordVerifier = await databases.passwordVerifier(password)
  const change =
    (masterSecret = secret) =>
    (current: ClusterRecord) => {
      if (current.masterSecret?.arn !== secret?.arn) {
        throw refuse.InvalidDBClusterStateFault({
          text: 'The master user password is being changed by others.',
        })
      }
      return { ...current, masterPasswordVerifier, ...(masterSecret && { masterSecret }) }
    }
  if (isNew) {
    const made = await createMasterSecret(secrets, cluster, password, key, call.at)
    const undo = () => secrets.delete(cluster, made.arn)
    return { change: change(made), settle: nothing, undo }
  }
  if (!secret) return { change: change(), settle: nothing, undo: nothing }
  if (given !== undefined) {
    return {
      change: (current) => {
        const { masterSecret: _, ...unmanaged } = change()(current)
        return unmanaged
      },
      settle: () => secrets.delete(cluster, secret.arn),
      undo: nothing,
    }
  }
  const value = secretValue(cluster.masterUsername, password)
  return {
    change: change(),
    settle: () => secrets.rotate(cluster, secret.arn, value, call.at),
    undo: nothing,
  }
}
