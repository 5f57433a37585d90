/** The variables that point clients at a lab, and the keys they carry. */
import { type Home, readJsonFile, type Settings } from './home.ts'

/** Long-term keys of a lab's account, as its credentials file holds them. */
export interface LabCredentials {
  readonly administrator: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly root: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

export function readLabCredentials(home: Home): LabCredentials | undefined {
  return readJsonFile<LabCredentials>(home.credentialsFile)
}

/** What `podpass env` exports: endpoint by IP address so that S3 clients take path style. */
export function labVariables(
  home: Home,
  settings: Settings,
  credentials: LabCredentials,
): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: `https://127.0.0.1:${settings.awsPort}`,
    AWS_ACCESS_KEY_ID: credentials.administrator.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.administrator.secretAccessKey,
    AWS_REGION: settings.region,
    AWS_DEFAULT_REGION: settings.region,
    AWS_CA_BUNDLE: home.caFile,
    NODE_EXTRA_CA_CERTS: home.caFile,
    KUBECONFIG: home.kubeconfig,
    PODPASS_HOME: home.root,
  }
}
