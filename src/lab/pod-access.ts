/** What the kubelets of a lab give their pods: walls, commands for images, and the way to AWS. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Log } from '../audit/log.ts'
import type { Environment } from '../config/env.ts'
import { createImageMap, type ImageMap } from '../kubernetes/runtime/images.ts'
import { findCommand } from '../kubernetes/runtime/process/host-files.ts'
import { createProcessRuntime } from '../kubernetes/runtime/process/process-runtime.ts'
import type { Runtime } from '../kubernetes/runtime/runtime.ts'
import type { Home, Settings } from './home.ts'
import { type PodNetworks, type PodNetworkWish, podNetworks } from './pod-networks.ts'

/** Shared by all nodes of all clusters of a lab. */
export interface PodAccess extends AsyncDisposable {
  /** Variables that every container gets, beneath its own. */
  environment(): Record<string, string>
  /** Tried out once, when the first node starts. */
  runtime(): Promise<Runtime>
  readonly images: ImageMap
  readonly networks: PodNetworks
}

export function podAccess(given: {
  environment: Environment
  home: Home
  settings: Settings
  log: Log
  awsPort: () => number
  podNetwork: PodNetworkWish
}): PodAccess {
  const { environment, home, settings, log, awsPort, podNetwork: wish } = given
  const path = (environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin')
    .split(':')
    .filter((part) => part !== home.bin && part !== home.eksctlBin)
    .join(':')
  let tried: Promise<Runtime> | undefined
  const runtime = () => {
    tried ??= createProcessRuntime({
      path,
      hidden: [home.root],
      exposed: [home.caFile],
      directory: join(home.clusters, 'trial'),
      log,
    })
    return tried
  }
  return {
    environment: () => ({
      AWS_ENDPOINT_URL: `https://127.0.0.1:${awsPort()}`,
      AWS_REGION: settings.region,
      AWS_DEFAULT_REGION: settings.region,
      AWS_CA_BUNDLE: home.caFile,
      NODE_EXTRA_CA_CERTS: home.caFile,
    }),
    runtime,
    networks: podNetworks({ wish, path, runtime, log }),
    images: createImageMap({ path, file: home.images, entries: standIns(path) }),
    async [Symbol.asyncDispose]() {
      await (await tried)?.[Symbol.asyncDispose]()
    },
  }
}

/** Where the machine has no `aws`, its image runs the small built-in one. */
function standIns(path: string) {
  // From the sources in a clone, compiled in a published package.
  const own = import.meta.url.endsWith('.ts') ? '../cli/main.ts' : '../cli/main.js'
  const main = fileURLToPath(new URL(own, import.meta.url))
  const builtIn = {
    entrypoint: [process.execPath, '--disable-warning=ExperimentalWarning', main, 'aws'],
  }
  return 'file' in findCommand('aws', { path, workingDirectory: '/', mounts: [] })
    ? {}
    : { 'amazon/aws-cli': builtIn, 'public.ecr.aws/aws-cli/aws-cli': builtIn }
}
