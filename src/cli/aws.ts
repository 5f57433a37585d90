/** AWS's APIs as the command line reaches them: any endpoint, any credentials, the SDK's own chain. */
import { readFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import type { EKSClient } from '@aws-sdk/client-eks'
import type { IAMClient } from '@aws-sdk/client-iam'
import type { STSClient } from '@aws-sdk/client-sts'
import type { Command } from 'commander'
import type { Environment } from '../config/env.ts'
import { type Home, readSettings } from '../lab/home.ts'
import { currentHolder } from '../lab/lock.ts'
import { labVariables, readLabCredentials } from '../lab/variables.ts'
import { type CliContext, homeOf } from './context.ts'
import { CliFailure, exitCodes } from './failure.ts'

/** What an SDK client needs; made once a command. */
export interface AwsAccess {
  readonly region: string
  readonly environment: Environment
  eks(): Promise<EKSClient>
  iam(): Promise<IAMClient>
  sts(): Promise<STSClient>
}

/**
 * Access by the environment's variables and files; where those name neither endpoint nor credentials and a lab runs in
 * this home, by the lab's.
 */
export function awsAccess(context: CliContext, command: Command, region?: string): AwsAccess {
  const environment = withLab(context.environment, homeOf(context, command))
  const chosen = region ?? environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION']
  if (!chosen) {
    throw new CliFailure('no region', {
      exitCode: exitCodes.usage,
      hints: ['give --region, or set AWS_REGION:    eval "$(podpass env)"'],
    })
  }
  const config = clientConfig(environment, chosen)
  return {
    region: chosen,
    environment,
    eks: async () => new (await import('@aws-sdk/client-eks')).EKSClient(config),
    iam: async () => new (await import('@aws-sdk/client-iam')).IAMClient(config),
    sts: async () => new (await import('@aws-sdk/client-sts')).STSClient(config),
  }
}

/** The environment, completed by a running lab's variables where nothing points at AWS yet. */
function withLab(environment: Environment, home: Home): Environment {
  const pointed = ['AWS_ENDPOINT_URL', 'AWS_ACCESS_KEY_ID', 'AWS_PROFILE', 'AWS_ROLE_ARN']
  if (pointed.some((name) => environment[name])) return environment
  if (!currentHolder(home.lockFile)) return environment
  const credentials = readLabCredentials(home)
  if (!credentials) return environment
  // The machine's own CA bundle would not know the lab; region and kubeconfig file are the user's choice.
  const chosen = ['AWS_REGION', 'AWS_DEFAULT_REGION', 'KUBECONFIG'].flatMap((name) =>
    environment[name] ? [[name, environment[name]]] : [],
  )
  const variables = labVariables(home, readSettings(home), credentials)
  return { ...environment, ...variables, ...Object.fromEntries(chosen) }
}

function clientConfig(environment: Environment, region: string) {
  const bundle = environment['AWS_CA_BUNDLE']
  const id = environment['AWS_ACCESS_KEY_ID']
  const secret = environment['AWS_SECRET_ACCESS_KEY']
  const token = environment['AWS_SESSION_TOKEN']
  const endpoint = environment['AWS_ENDPOINT_URL']
  return {
    region,
    maxAttempts: 3,
    ...(endpoint && { endpoint }),
    ...(id &&
      secret && {
        credentials: {
          accessKeyId: id,
          secretAccessKey: secret,
          ...(token && { sessionToken: token }),
        },
      }),
    requestHandler: {
      connectionTimeout: 5_000,
      requestTimeout: 60_000,
      ...(bundle && { httpsAgent: { ca: caCertificates(bundle), keepAlive: true } }),
    },
  }
}

/** The machine's own CAs and those of the file. Throws a CliFailure where it cannot be read. */
export function caCertificates(bundle: string): string[] {
  try {
    return [...rootCertificates, readFileSync(bundle, 'utf8')]
  } catch (cause) {
    throw new CliFailure(`AWS_CA_BUNDLE names \`${bundle}\`, which cannot be read`, { cause })
  }
}

interface SdkError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number }
  readonly code?: string
}

/** True when `error` is the service's refusal of this name, with or without the suffix `Exception`. */
export function isAwsError(error: unknown, ...codes: readonly string[]): boolean {
  if (!(error instanceof Error)) return false
  const name = error.name.replace(/Exception$/, '')
  return codes.some((code) => code.replace(/Exception$/, '') === name)
}

/** Turns an SDK's error into a failure for people: what the service said, or that it could not be reached. */
export function awsFailure(error: unknown, environment: Environment): unknown {
  if (!(error instanceof Error) || error instanceof CliFailure) return error
  const { $metadata, code } = error as SdkError
  const endpoint = environment['AWS_ENDPOINT_URL'] ?? 'AWS'
  if (error.name === 'CredentialsProviderError') {
    return new CliFailure('no AWS credentials', {
      hints: ['for the lab:    eval "$(podpass env)"'],
      cause: error,
    })
  }
  if (code && /^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOST)/.test(code)) {
    return new CliFailure(`could not reach ${endpoint}`, {
      exitCode: exitCodes.unreachable,
      hints: ['is the lab up?    podpass status'],
      cause: error,
    })
  }
  if (code && /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)) {
    return new CliFailure(`the certificate of ${endpoint} is not trusted here`, {
      hints: ['for the lab:    eval "$(podpass env)"'],
      cause: error,
    })
  }
  if ($metadata?.httpStatusCode) {
    return new CliFailure(`${error.name}: ${error.message}`, {
      hints: /not authorized/.test(error.message) ? ['why:    podpass why'] : [],
      cause: error,
    })
  }
  return error
}
