/** What the kubelets of a lab tell their pods: where AWS is, and which programs stand for images. */
import { fileURLToPath } from 'node:url'
import type { Environment } from '../config/env.ts'
import type { Home, Settings } from './home.ts'

/** Pods' way to the lab. */
export interface PodAccess {
  /** Variables that every container gets, beneath its own. */
  environment(): Record<string, string>
  /** PATH on which commands of images are looked up. */
  readonly path: string
  /** What `amazon/aws-cli` runs where the machine has no `aws`. */
  readonly standInAws: readonly string[]
  /** Files and folders that pods must not see: the lab's keys. */
  readonly hidden: readonly string[]
  /** The lab's CA, as PEM, for AWS_CA_BUNDLE. */
  readonly caFile: string
  readonly imagesFile: string
}

export function podAccess(given: {
  environment: Environment
  home: Home
  settings: Settings
  awsPort: () => number
}): PodAccess {
  const { environment, home, settings, awsPort } = given
  const node = process.execPath
  const main = fileURLToPath(new URL('../cli/main.ts', import.meta.url))
  return {
    environment: () => ({
      AWS_ENDPOINT_URL: `https://127.0.0.1:${awsPort()}`,
      AWS_REGION: settings.region,
      AWS_DEFAULT_REGION: settings.region,
    }),
    path: (environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin')
      .split(':')
      .filter((part) => part !== home.bin)
      .join(':'),
    standInAws: [node, '--disable-warning=ExperimentalWarning', main, 'aws'],
    hidden: [home.root],
    caFile: home.caFile,
    imagesFile: home.images,
  }
}
