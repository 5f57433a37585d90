/** RDS's rules for what callers name, in its words. */
import { refuse } from './errors.ts'

const identifierForm = /^[a-z](?:-?[a-z0-9])*$/
const identifierCharsMax = 63

/** An identifier as it is kept: lower case. `parameter` names it in the refusal. */
export function readIdentifier(parameter: string, text: string): string {
  const identifier = text.toLowerCase()
  if (!identifierForm.test(identifier) || identifier.length > identifierCharsMax) {
    throw refuse.InvalidParameterValue({
      text: `The parameter ${parameter} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens.`,
    })
  }
  return identifier
}

/** Names of groups may have dots and spaces besides. */
export function readGroupName(parameter: string, text: string): string {
  const name = text.toLowerCase()
  if (!/^[a-z0-9][a-z0-9 ._-]{0,254}$/.test(name) || name === 'default') {
    throw refuse.InvalidParameterValue({
      text: `The parameter ${parameter} is not a valid identifier.`,
    })
  }
  return name
}

export function checkMasterUsername(name: string | undefined): string {
  if (!name) {
    throw refuse.InvalidParameterValue({
      text: 'The parameter MasterUsername must be provided and must not be blank.',
    })
  }
  if (!/^[A-Za-z][A-Za-z0-9_]{0,62}$/.test(name)) {
    throw refuse.InvalidParameterValue({
      text: 'The parameter MasterUsername is not a valid identifier: it begins with a letter and has letters, digits and underscores.',
    })
  }
  if (/^(admin|rdsadmin|public|(rds|pg)_.*)$/i.test(name)) {
    throw refuse.InvalidParameterValue({
      text: `MasterUsername ${name} cannot be used as it is a reserved word used by the engine`,
    })
  }
  return name
}

export function checkMasterPassword(password: string | undefined): string {
  if (!password) {
    throw refuse.InvalidParameterValue({
      text: 'The parameter MasterUserPassword must be provided and must not be blank.',
    })
  }
  if (password.length < 8) {
    throw refuse.InvalidParameterValue({
      text: 'The parameter MasterUserPassword is not a valid password because it is shorter than 8 characters.',
    })
  }
  if (password.length > 128) {
    throw refuse.InvalidParameterValue({
      text: 'The parameter MasterUserPassword is not a valid password because it is longer than 128 characters.',
    })
  }
  if (!/^[\x21-\x7e]+$/.test(password) || /[/@"]/.test(password)) {
    throw refuse.InvalidParameterValue({
      text: `The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '"', ' ' may be used.`,
    })
  }
  return password
}

export function checkDatabaseName(name: string | undefined): string | undefined {
  if (name === undefined || name === '') return undefined
  if (!/^[A-Za-z][A-Za-z0-9_]{0,62}$/.test(name)) {
    throw refuse.InvalidParameterValue({
      text: 'DatabaseName must begin with a letter and contain only alphanumeric characters and underscores.',
    })
  }
  if (/^(rdsadmin|postgres|template[01])$/.test(name)) {
    throw refuse.InvalidParameterValue({
      text: `Database name ${name} cannot be used. It is a reserved word for this engine`,
    })
  }
  return name
}

/** The one engine there is. */
export const engine = 'aurora-postgresql'

export function checkEngine(wanted: string): void {
  if (wanted === engine) return
  throw refuse.InvalidParameterValue({
    text: `Podpass runs DB clusters of the engine ${engine} only, not ${wanted.slice(0, 60)}`,
  })
}

/** The version to show for one that was asked for: any of the major version that is here. */
export function checkVersion(wanted: string | undefined, installed: string): string {
  if (wanted === undefined) return installed
  const [major] = wanted.split('.')
  if (/^\d+(\.\d+)*$/.test(wanted) && major === installed.split('.')[0]) {
    return wanted === major ? installed : wanted
  }
  throw refuse.InvalidParameterCombination({
    text: `Cannot find version ${wanted.slice(0, 60)} for ${engine}: this machine has PostgreSQL ${installed}`,
  })
}

const logTypes = ['iam-db-auth-error', 'instance', 'postgresql']

/** Logs that the engine could send to CloudWatch. */
export function checkLogTypes(types: readonly string[]): readonly string[] {
  const odd = types.find((type) => !logTypes.includes(type))
  if (odd === undefined) return types
  throw refuse.InvalidParameterCombination({
    text: `You cannot use the log types '${odd.slice(0, 60)}' with engine version ${engine}. For supported log types, see the documentation.`,
  })
}

export function checkStorageType(type: string): string {
  if (type === 'aurora' || type === 'aurora-iopt1') return type
  throw refuse.InvalidParameterCombination({
    text: `Invalid storage type for DB engine ${engine}: ${type.slice(0, 60)}`,
  })
}
