/** Making accounts, and showing their keys the one time that they are shown. */
import type { AccountKeys } from '../aws/iam/accounts.ts'
import type { Iam } from '../aws/iam/iam.ts'
import { CliFailure, exitCodes } from './failure.ts'

/** Undefined where the account is there already: its keys are not shown again. */
export async function createAccountOnce(
  iam: Pick<Iam, 'accounts' | 'createAccount'>,
  account: { id: string; name?: string },
): Promise<Omit<AccountKeys, 'created'> | undefined> {
  if (iam.accounts().some(({ id }) => id === account.id)) return undefined
  const { created, ...keys } = await iam.createAccount(account)
  return created ? keys : undefined
}

/** Reads an account's id: 12 digits. */
export function accountId(text: string): string {
  if (/^\d{12}$/.test(text)) return text
  throw new CliFailure(`\`${text}\` is no account id`, {
    exitCode: exitCodes.usage,
    hints: ['an account id has 12 digits, such as 111122223333'],
  })
}

/** Collects a repeatable option of account ids. */
export function accountsToMake(text: string, before: readonly string[] = []): string[] {
  return [...before, accountId(text)]
}

/** The keys for people. */
export function accountText({
  account,
  rootKeys,
  administratorKeys,
}: Omit<AccountKeys, 'created'>): string {
  const lines = [
    ['account', account],
    ['root user', `${rootKeys.accessKeyId}    ${rootKeys.secretAccessKey}`],
    ['administrator', `${administratorKeys.accessKeyId}    ${administratorKeys.secretAccessKey}`],
  ]
  return lines.map(([name = '', text]) => `${name.padEnd(14)} ${text}\n`).join('')
}
