/** The SSH public keys of users: upload, get, list, switch off and on, delete. */
import type {
  DeleteSSHPublicKeyRequest,
  GetSSHPublicKeyRequest,
  GetSSHPublicKeyResponse,
  ListSSHPublicKeysRequest,
  ListSSHPublicKeysResponse,
  SSHPublicKey,
  UpdateSSHPublicKeyRequest,
  UploadSSHPublicKeyRequest,
  UploadSSHPublicKeyResponse,
} from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { onEntity, onUserOrSelf } from '../access.ts'
import { dateOf, type IamDeps, secondsOf, type Valid } from '../deps.ts'
import { refuse } from '../errors.ts'
import { existing, find, userNameOf } from '../find.ts'
import { newId } from '../ids.ts'
import { pageOfList } from '../paging.ts'
import type { SshKeyRecord } from '../records.ts'
import { readSshKey } from '../ssh-key.ts'

export const uploadSSHPublicKey: Operation<
  Valid<UploadSSHPublicKeyRequest>,
  UploadSSHPublicKeyResponse,
  IamDeps
> = {
  name: 'UploadSSHPublicKey',
  access: onEntity('iam:UploadSSHPublicKey', 'user'),
  async handle({ UserName: name, SSHPublicKeyBody: body }, { account, at }, deps) {
    const user = find(deps.state, account, 'user', name)
    const key: SshKeyRecord = {
      id: newId('ssh-public-key', account),
      body,
      fingerprint: readSshKey(body).fingerprint,
      active: true,
      createdAt: secondsOf(at),
    }
    const limit = deps.quotas.sshKeysPerUser
    await deps.writer.change(account, 'user', name, (found) => {
      const record = existing(found, 'user', name)
      const keys = record.sshKeys ?? []
      if (keys.some(({ fingerprint }) => fingerprint === key.fingerprint)) {
        throw refuse.DuplicateSSHPublicKey()
      }
      if (keys.length >= limit) throw refuse.LimitExceeded({ quota: 'SSHPublicKeysPerUser', limit })
      return { record: { ...record, sshKeys: [...keys, key] } }
    })
    return { SSHPublicKey: shown(user.name, key, body) }
  },
}

export const getSSHPublicKey: Operation<
  Valid<GetSSHPublicKeyRequest>,
  GetSSHPublicKeyResponse,
  IamDeps
> = {
  name: 'GetSSHPublicKey',
  access: onEntity('iam:GetSSHPublicKey', 'user'),
  handle({ UserName, SSHPublicKeyId: id, Encoding }, { account }, { state }) {
    const user = find(state, account, 'user', UserName)
    const key = keyIn(user.sshKeys, id)
    const { form, inOtherForm } = readSshKey(key.body)
    return { SSHPublicKey: shown(user.name, key, form === Encoding ? key.body : inOtherForm()) }
  },
}

export const listSSHPublicKeys: Operation<
  Valid<ListSSHPublicKeysRequest>,
  ListSSHPublicKeysResponse,
  IamDeps
> = {
  name: 'ListSSHPublicKeys',
  access: onUserOrSelf('iam:ListSSHPublicKeys'),
  handle(input, call, { state }) {
    const user = find(state, call.account, 'user', userNameOf(input.UserName, call))
    const { items, page } = pageOfList(user.sshKeys ?? [], ({ id }) => id, input)
    return {
      SSHPublicKeys: items.map(({ id, active, createdAt }) => ({
        UserName: user.name,
        SSHPublicKeyId: id,
        Status: active ? 'Active' : 'Inactive',
        UploadDate: dateOf(createdAt),
      })),
      ...page,
    }
  },
}

export const updateSSHPublicKey: Operation<Valid<UpdateSSHPublicKeyRequest>, void, IamDeps> = {
  name: 'UpdateSSHPublicKey',
  access: onEntity('iam:UpdateSSHPublicKey', 'user'),
  async handle({ UserName, SSHPublicKeyId: id, Status }, { account }, { writer }) {
    await writer.change(account, 'user', UserName, (found) => {
      const user = existing(found, 'user', UserName)
      keyIn(user.sshKeys, id)
      const active = Status === 'Active'
      const sshKeys = user.sshKeys?.map((key) => (key.id === id ? { ...key, active } : key)) ?? []
      return { record: { ...user, sshKeys } }
    })
  },
}

export const deleteSSHPublicKey: Operation<Valid<DeleteSSHPublicKeyRequest>, void, IamDeps> = {
  name: 'DeleteSSHPublicKey',
  access: onEntity('iam:DeleteSSHPublicKey', 'user'),
  async handle({ UserName, SSHPublicKeyId: id }, { account }, { writer }) {
    await writer.change(account, 'user', UserName, (found) => {
      const user = existing(found, 'user', UserName)
      keyIn(user.sshKeys, id)
      return { record: { ...user, sshKeys: user.sshKeys?.filter((key) => key.id !== id) ?? [] } }
    })
  },
}

function keyIn(keys: readonly SshKeyRecord[] | undefined, id: string): SshKeyRecord {
  const key = keys?.find((each) => each.id === id)
  if (key) return key
  throw refuse.NoSuchEntity({}, { message: `The Public Key with id ${id} cannot be found.` })
}

function shown(userName: string, key: SshKeyRecord, body: string): SSHPublicKey {
  return {
    UserName: userName,
    SSHPublicKeyId: key.id,
    Fingerprint: key.fingerprint,
    SSHPublicKeyBody: body,
    Status: key.active ? 'Active' : 'Inactive',
    UploadDate: dateOf(key.createdAt),
  }
}
