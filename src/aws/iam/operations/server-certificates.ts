/** Server certificates: upload, get, list, rename, delete. */
import type {
  DeleteServerCertificateRequest,
  GetServerCertificateRequest,
  GetServerCertificateResponse,
  ListServerCertificatesRequest,
  ListServerCertificatesResponse,
  ServerCertificateMetadata,
  UpdateServerCertificateRequest,
  UploadServerCertificateRequest,
  UploadServerCertificateResponse,
} from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { bothNames, onEntity, onList, onNewEntity } from '../access.ts'
import { readServerCertificate } from '../certificates.ts'
import { dateOf, type IamDeps, secondsOf, type Valid } from '../deps.ts'
import { refuse } from '../errors.ts'
import { existing, find } from '../find.ts'
import { newId } from '../ids.ts'
import { entityArn } from '../names.ts'
import { markedKey, pageOf, underPath } from '../paging.ts'
import type { ServerCertificateRecord } from '../records.ts'
import { readTags, showTags } from '../tags.ts'

/** The private key is in no answer. */
export const uploadServerCertificate: Operation<
  Valid<UploadServerCertificateRequest>,
  UploadServerCertificateResponse,
  IamDeps
> = {
  name: 'UploadServerCertificate',
  access: onNewEntity(
    'iam:UploadServerCertificate',
    'server-certificate',
    'iam:TagServerCertificate',
  ),
  async handle(input, { account, at }, { state, writer, quotas }) {
    const { ServerCertificateName: name, CertificateBody, CertificateChain, PrivateKey } = input
    const parsed = readServerCertificate(CertificateBody, CertificateChain, PrivateKey)
    const certificate: ServerCertificateRecord = {
      name,
      path: input.Path ?? '/',
      id: newId('server-certificate', account),
      createdAt: secondsOf(at),
      body: CertificateBody.trim(),
      ...(CertificateChain && { chain: CertificateChain.trim() }),
      privateKey: PrivateKey,
      expiresAt: secondsOf(Date.parse(parsed.validTo)),
      ...readTags(input.Tags, 'differs'),
    }
    if (state.entry(account, 'server-certificate', name)) throw taken(name)
    const limit = quotas.serverCertificatesPerAccount
    if ((state.account(account)?.entities['server-certificate'].size ?? 0) >= limit) {
      throw refuse.LimitExceeded({ quota: 'ServerCertificatesPerAccount', limit })
    }
    if (!(await writer.create(account, 'server-certificate', name, certificate))) throw taken(name)
    return {
      ServerCertificateMetadata: metadata(account, certificate),
      ...(certificate.tags && { Tags: showTags(certificate.tags) }),
    }
  },
}

export const getServerCertificate: Operation<
  Valid<GetServerCertificateRequest>,
  GetServerCertificateResponse,
  IamDeps
> = {
  name: 'GetServerCertificate',
  access: onEntity('iam:GetServerCertificate', 'server-certificate'),
  handle({ ServerCertificateName }, { account }, { state }) {
    const certificate = find(state, account, 'server-certificate', ServerCertificateName)
    return {
      ServerCertificate: {
        ServerCertificateMetadata: metadata(account, certificate),
        CertificateBody: certificate.body,
        CertificateChain: certificate.chain,
        Tags: showTags(certificate.tags),
      },
    }
  },
}

export const listServerCertificates: Operation<
  Valid<ListServerCertificatesRequest>,
  ListServerCertificatesResponse,
  IamDeps
> = {
  name: 'ListServerCertificates',
  access: onList('iam:ListServerCertificates', 'server-certificate'),
  handle(input, { account }, { state }) {
    const kept = state.account(account)?.entities['server-certificate']
    const all = kept?.after(markedKey(input)) ?? []
    const { items, page } = pageOf(underPath(all, input.PathPrefix), input)
    return {
      ServerCertificateMetadataList: items.map((certificate) => metadata(account, certificate)),
      ...page,
    }
  },
}

export const updateServerCertificate: Operation<
  Valid<UpdateServerCertificateRequest>,
  void,
  IamDeps
> = {
  name: 'UpdateServerCertificate',
  access: ({ ServerCertificateName, NewServerCertificateName, NewPath }, call, deps) => {
    const action = 'iam:UpdateServerCertificate'
    const names = [ServerCertificateName, NewServerCertificateName, NewPath] as const
    return bothNames('server-certificate', action, ...names, call, deps)
  },
  async handle(input, { account }, { state, writer }) {
    const old = input.ServerCertificateName
    const renamed = await writer.rename(account, 'server-certificate', old, () => {
      const found = find(state, account, 'server-certificate', old)
      const name = input.NewServerCertificateName ?? found.name
      return { record: { ...found, name, path: input.NewPath ?? found.path } }
    })
    if (!renamed) throw taken(input.NewServerCertificateName ?? old)
  },
}

export const deleteServerCertificate: Operation<
  Valid<DeleteServerCertificateRequest>,
  void,
  IamDeps
> = {
  name: 'DeleteServerCertificate',
  access: onEntity('iam:DeleteServerCertificate', 'server-certificate'),
  async handle({ ServerCertificateName: name }, { account }, { writer }) {
    await writer.change(account, 'server-certificate', name, (found) => {
      existing(found, 'server-certificate', name)
      return 'delete'
    })
  },
}

function taken(name: string) {
  const message = `The Server Certificate with name ${name} already exists.`
  return refuse.EntityAlreadyExists({}, { message })
}

function metadata(
  account: string,
  certificate: ServerCertificateRecord,
): ServerCertificateMetadata {
  return {
    Path: certificate.path,
    ServerCertificateName: certificate.name,
    ServerCertificateId: certificate.id,
    Arn: entityArn(account, 'server-certificate', certificate),
    UploadDate: dateOf(certificate.createdAt),
    Expiration: dateOf(certificate.expiresAt),
  }
}
