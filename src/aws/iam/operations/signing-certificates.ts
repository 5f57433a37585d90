/** The signing certificates of users: upload, list, switch off and on, delete. */
import { X509Certificate } from 'node:crypto'
import type {
  DeleteSigningCertificateRequest,
  ListSigningCertificatesRequest,
  ListSigningCertificatesResponse,
  SigningCertificate,
  UpdateSigningCertificateRequest,
  UploadSigningCertificateRequest,
  UploadSigningCertificateResponse,
} from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { onUserOrSelf } from '../access.ts'
import { readCertificate } from '../certificates.ts'
import { dateOf, type IamDeps, secondsOf, type Valid } from '../deps.ts'
import { refuse } from '../errors.ts'
import { existing, find, userNameOf } from '../find.ts'
import { newCertificateId } from '../ids.ts'
import { pageOfList } from '../paging.ts'
import type { CertificateRecord } from '../records.ts'

export const uploadSigningCertificate: Operation<
  Valid<UploadSigningCertificateRequest>,
  UploadSigningCertificateResponse,
  IamDeps
> = {
  name: 'UploadSigningCertificate',
  access: onUserOrSelf('iam:UploadSigningCertificate'),
  async handle({ UserName, CertificateBody: body }, call, { state, writer, quotas }) {
    const { account, at } = call
    const name = userNameOf(UserName, call)
    const user = find(state, account, 'user', name)
    const { fingerprint256 } = readCertificate(body, `Certificate ${body} is malformed.`)
    const certificate: CertificateRecord = {
      id: newCertificateId(),
      body,
      active: true,
      createdAt: secondsOf(at),
    }
    const limit = quotas.certificatesPerUser
    await writer.change(account, 'user', name, (found) => {
      const record = existing(found, 'user', name)
      const certificates = record.certificates ?? []
      if (
        certificates.some(
          (each) => new X509Certificate(each.body).fingerprint256 === fingerprint256,
        )
      ) {
        throw refuse.DuplicateCertificate()
      }
      if (certificates.length >= limit) {
        throw refuse.LimitExceeded({ quota: 'CertificatesPerUser', limit })
      }
      return { record: { ...record, certificates: [...certificates, certificate] } }
    })
    return { Certificate: shown(user.name, certificate) }
  },
}

export const listSigningCertificates: Operation<
  Valid<ListSigningCertificatesRequest>,
  ListSigningCertificatesResponse,
  IamDeps
> = {
  name: 'ListSigningCertificates',
  access: onUserOrSelf('iam:ListSigningCertificates'),
  handle(input, call, { state }) {
    const user = find(state, call.account, 'user', userNameOf(input.UserName, call))
    const { items, page } = pageOfList(user.certificates ?? [], ({ id }) => id, input)
    return { Certificates: items.map((certificate) => shown(user.name, certificate)), ...page }
  },
}

export const updateSigningCertificate: Operation<
  Valid<UpdateSigningCertificateRequest>,
  void,
  IamDeps
> = {
  name: 'UpdateSigningCertificate',
  access: onUserOrSelf('iam:UpdateSigningCertificate'),
  async handle({ UserName, CertificateId, Status }, call, { writer }) {
    const name = userNameOf(UserName, call)
    const active = Status === 'Active'
    await writer.change(call.account, 'user', name, (found) => {
      const user = existing(found, 'user', name)
      const certificates = others(user.certificates, CertificateId, (each) => ({ ...each, active }))
      return { record: { ...user, certificates } }
    })
  },
}

export const deleteSigningCertificate: Operation<
  Valid<DeleteSigningCertificateRequest>,
  void,
  IamDeps
> = {
  name: 'DeleteSigningCertificate',
  access: onUserOrSelf('iam:DeleteSigningCertificate'),
  async handle({ UserName, CertificateId }, call, { writer }) {
    const name = userNameOf(UserName, call)
    await writer.change(call.account, 'user', name, (found) => {
      const user = existing(found, 'user', name)
      return { record: { ...user, certificates: others(user.certificates, CertificateId) } }
    })
  },
}

/** The list with one certificate changed, or left out; refuses one that is not in it. */
function others(
  list: readonly CertificateRecord[] = [],
  id: string,
  change?: (certificate: CertificateRecord) => CertificateRecord,
): readonly CertificateRecord[] {
  if (!list.some((each) => each.id === id)) {
    throw refuse.NoSuchEntity({}, { message: `The Certificate with id ${id} cannot be found.` })
  }
  return list.flatMap((each) => (each.id === id ? (change ? [change(each)] : []) : [each]))
}

function shown(userName: string, certificate: CertificateRecord): SigningCertificate {
  return {
    UserName: userName,
    CertificateId: certificate.id,
    CertificateBody: certificate.body,
    Status: certificate.active ? 'Active' : 'Inactive',
    UploadDate: dateOf(certificate.createdAt),
  }
}
