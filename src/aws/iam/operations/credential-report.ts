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
import { entityArn } from '../names.ts'
import type { KeyRecord } from '../records.ts'
import type { IamState } from '../state.ts'

const columns = [
  ...['user', 'arn', 'user_creation_time', 'password_enabled', 'password_last_used'],
  ...['password_last_changed', 'password_next_rotation', 'mfa_active'],
  ...['access_key_1_active', 'access_key_1_last_rotated', 'access_key_1_last_used_date'],
  ...['access_key_1_last_used_region', 'access_key_1_last_used_service'],
  ...['access_key_2_active', 'access_key_2_last_rotated', 'access_key_2_last_used_date'],
  ...['access_key_2_last_used_region', 'access_key_2_last_used_service'],
  ...['cert_1_active', 'cert_1_last_rotated', 'cert_2_active', 'cert_2_last_rotated'],
]

/** The report is made when it is read, so there is nothing to wait for. */
export const generateCredentialReport: Operation<
  object,
  GenerateCredentialReportResponse,
  IamDeps
> = {
  name: 'GenerateCredentialReport',
  access: onAccount('iam:GenerateCredentialReport'),
  handle: () => ({ State: 'COMPLETE' }),
}

export const getCredentialReport: Operation<object, GetCredentialReportResponse, IamDeps> = {
  name: 'GetCredentialReport',
  access: onAccount('iam:GetCredentialReport'),
  handle: (_input, { account, at }, { state }) => ({
    Content: Buffer.from(report(state, account)),
    ReportFormat: 'text/csv',
    GeneratedTime: dateOf(secondsOf(at)),
  }),
}

function report(state: IamState, account: string): string {
  const here = state.account(account)
  const root = here?.root?.record
  const rows = [columns]
  if (root) {
    const arn = iamArn(account, 'root')
    rows.push(row(state, '<root_account>', arn, root.createdAt, root.rootKeys))
  }
  for (const [, user] of here?.entities.user.after(undefined) ?? []) {
    const arn = entityArn(account, 'user', user)
    rows.push(row(state, user.name, arn, user.createdAt, user.keys))
  }
  return rows.map((cells) => cells.join(',')).join('\n')
}

function row(
  state: IamState,
  name: string,
  arn: string,
  createdAt: number,
  keys: readonly KeyRecord[],
): string[] {
  return [
    ...[quoted(name), quoted(arn), time(createdAt), 'false', 'N/A', 'N/A', 'N/A', 'false'],
    ...keyCells(state, keys[0]),
    ...keyCells(state, keys[1]),
    ...['false', 'N/A', 'false', 'N/A'],
  ]
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
