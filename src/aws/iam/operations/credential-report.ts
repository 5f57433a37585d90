/** The credential report: a CSV of all users and their keys. */
import type {
  GenerateCredentialReportResponse,
  GetCredentialReportResponse,
} from '@aws-sdk/client-iam'
import { iamArn } from '../../../kernel/arn.ts'
import type { Operation } from '../../operation.ts'
import { onAccount } from '../access.ts'
import type { IamDeps } from '../deps.ts'
import { dateOf, secondsOf } from '../deps.ts'
import { refuse } from '../errors.ts'
import { entityArn } from '../names.ts'
import type { CertificateRecord, KeyRecord, UserRecord } from '../records.ts'
import type { IamState } from '../state.ts'

/** How long one request for a report is good for. */
const reportSeconds = 4 * 3600

const columns = [
  ...['user', 'arn', 'user_creation_time', 'password_enabled', 'password_last_used'],
  ...['password_last_changed', 'password_next_rotation', 'mfa_active'],
  ...['access_key_1_active', 'access_key_1_last_rotated', 'access_key_1_last_used_date'],
  ...['access_key_1_last_used_region', 'access_key_1_last_used_service'],
  ...['access_key_2_active', 'access_key_2_last_rotated', 'access_key_2_last_used_date'],
  ...['access_key_2_last_used_region', 'access_key_2_last_used_service'],
  ...['cert_1_active', 'cert_1_last_rotated', 'cert_2_active', 'cert_2_last_rotated'],
]

/** The report is made when it is read; the first request only begins it, as with AWS. */
export const generateCredentialReport: Operation<
  object,
  GenerateCredentialReportResponse,
  IamDeps
> = {
  name: 'GenerateCredentialReport',
  access: onAccount('iam:GenerateCredentialReport'),
  async handle(_input, { account, at }, { state, writer }) {
    const before = state.account(account)?.root?.record.reportedAt
    const age = before === undefined ? reportSeconds : secondsOf(at) - before
    if (age < reportSeconds) return { State: 'COMPLETE' }
    await writer.changeAccount(account, (record) =>
      record ? { record: { ...record, reportedAt: secondsOf(at) } } : 'keep',
    )
    return {
      State: 'STARTED',
      Description: 'No report exists. Starting a new report generation task',
    }
  },
}

export const getCredentialReport: Operation<object, GetCredentialReportResponse, IamDeps> = {
  name: 'GetCredentialReport',
  access: onAccount('iam:GetCredentialReport'),
  handle(_input, { account, at }, { state }) {
    if (state.account(account)?.root?.record.reportedAt === undefined) {
      throw refuse.ReportNotPresent()
    }
    return {
      Content: Buffer.from(report(state, account)),
      ReportFormat: 'text/csv',
      GeneratedTime: dateOf(secondsOf(at)),
    }
  },
}

function report(state: IamState, account: string): string {
  const here = state.account(account)
  const root = here?.root?.record
  const rows = [columns]
  if (root) {
    const arn = iamArn(account, 'root')
    const none = ['not_supported', 'no_information', 'not_supported', 'not_supported', 'false']
    rows.push(row(state, '<root_account>', arn, root.createdAt, none, root.rootKeys, []))
  }
  const maxAge = root?.passwordPolicy?.MaxPasswordAge
  for (const [, user] of here?.entities.user.after(undefined) ?? []) {
    const arn = entityArn(account, 'user', user)
    const password = passwordCells(user, maxAge)
    const { certificates = [] } = user
    rows.push(row(state, user.name, arn, user.createdAt, password, user.keys, certificates))
  }
  return rows.map((cells) => cells.join(',')).join('\n')
}

function row(
  state: IamState,
  name: string,
  arn: string,
  createdAt: number,
  password: readonly string[],
  keys: readonly KeyRecord[],
  certificates: readonly CertificateRecord[],
): string[] {
  return [
    ...[quoted(name), quoted(arn), time(createdAt), ...password],
    ...keyCells(state, keys[0]),
    ...keyCells(state, keys[1]),
    ...certificateCells(certificates[0]),
    ...certificateCells(certificates[1]),
  ]
}

/** Nobody logs in with a password here, so there is no last use of one. */
function passwordCells({ login, mfa = [] }: UserRecord, maxAgeDays: number | undefined): string[] {
  const hasMfa = String(mfa.length > 0)
  if (!login) return ['false', 'N/A', 'N/A', 'N/A', hasMfa]
  const next = maxAgeDays ? time(login.changedAt + maxAgeDays * 24 * 3600) : 'N/A'
  return ['true', 'no_information', time(login.changedAt), next, hasMfa]
}

function certificateCells(certificate: CertificateRecord | undefined): string[] {
  return certificate ? [String(certificate.active), time(certificate.createdAt)] : ['false', 'N/A']
}

function keyCells(state: IamState, key: KeyRecord | undefined): string[] {
  if (!key) return ['false', 'N/A', 'N/A', 'N/A', 'N/A']
  const use = state.use(key.id)
  return [
    String(key.active),
    time(key.createdAt),
    ...(use ? [time(use.at), use.region, use.service] : ['N/A', 'N/A', 'N/A']),
  ]
}

/** Names and paths may hold commas. */
function quoted(text: string): string {
  return text.includes(',') ? `"${text}"` : text
}

function time(seconds: number): string {
  return dateOf(seconds).toISOString().replace('.000Z', '+00:00')
}
