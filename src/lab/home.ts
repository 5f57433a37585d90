/** A lab's data folder: what lies where, and that only its owner can read it. */
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The paths of one home. */
export interface Home {
  readonly root: string
  /** Tells homes apart where a name must be short: twelve hex digits. */
  readonly mark: string
  readonly settingsFile: string
  readonly stateFile: string
  /** Segments of the audit log. */
  readonly auditFolder: string
  readonly credentialsFile: string
  readonly caFile: string
  readonly caKeyFile: string
  readonly sealingKeysFile: string
  readonly objects: string
  readonly clusters: string
  readonly databases: string
  readonly kubeconfig: string
  /** Holds `podpass`. */
  readonly bin: string
  /** Holds an `eksctl` that is podpass. */
  readonly eksctlBin: string
  readonly images: string
  readonly lockFile: string
  readonly logFile: string
  /** The socket that `down`, `status` and `clock` speak to; short, whatever the home's path is. */
  readonly controlSocket: string
}

/** What a home remembers between runs. Ports stay what they were, so that written URLs go on working. */
export interface Settings {
  readonly format: 1
  readonly account: string
  readonly region: string
  readonly awsPort?: number
  readonly issuerPort?: number
  readonly kubernetesPort?: number
  readonly clockOffsetMs?: number
}

export const defaultSettings: Settings = {
  format: 1,
  account: '111122223333',
  region: 'ap-northeast-1',
}

/** Names the paths of the home at `root`; makes nothing. */
export function homeAt(root: string, runtime: string): Home {
  const mark = createHash('sha256').update(root).digest('hex').slice(0, 12)
  return {
    root,
    mark,
    settingsFile: join(root, 'settings.json'),
    stateFile: join(root, 'state.sqlite'),
    auditFolder: join(root, 'audit'),
    credentialsFile: join(root, 'credentials.json'),
    caFile: join(root, 'ca.pem'),
    caKeyFile: join(root, 'ca-key.pem'),
    sealingKeysFile: join(root, 'sealing-keys.json'),
    objects: join(root, 's3'),
    clusters: join(root, 'clusters'),
    databases: join(root, 'databases'),
    kubeconfig: join(root, 'kubeconfig'),
    bin: join(root, 'bin'),
    eksctlBin: join(root, 'eksctl-bin'),
    images: join(root, 'images.yaml'),
    lockFile: join(root, 'lock.json'),
    logFile: join(root, 'podpass.log'),
    controlSocket: join(runtime, `${mark}.sock`),
  }
}

/** Where PostgreSQL keeps the data of a home: in it, or, as root, where its user may go (a home is its owner's only). */
export function databaseDirectory(home: Home, userId: number): string {
  return userId === 0 ? join('/var/lib/podpass', home.mark) : home.databases
}

/** Makes a folder that only its owner may enter. */
export function makePrivateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
}

/** Writes a file whole or not at all, readable by its owner only. */
export function writePrivateFile(path: string, text: string): void {
  makePrivateDirectoryOnce(dirname(path))
  const fresh = `${path}.${process.pid}.new`
  writeFileSync(fresh, text, { mode: 0o600, flush: true })
  renameSync(fresh, path)
}

function makePrivateDirectoryOnce(path: string): void {
  if (!existsSync(path)) makePrivateDirectory(path)
}

/** Reads a JSON file of the home; undefined when it is missing. Throws, naming the file, when it is damaged. */
export function readJsonFile<T>(path: string): T | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw new HomeError(`\`${path}\` is damaged`, 'podpass reset', { cause })
  }
}

/** The settings of a home, with the defaults where it is new. */
export function readSettings(home: Home): Settings {
  const settings = readJsonFile<Settings>(home.settingsFile)
  if (settings && settings.format !== 1) {
    throw new HomeError(
      `\`${home.root}\` was written by another version of Podpass`,
      'podpass reset',
    )
  }
  return { ...defaultSettings, ...settings }
}

export function writeSettings(home: Home, settings: Settings): void {
  writePrivateFile(home.settingsFile, `${JSON.stringify(settings, null, 2)}\n`)
}

/** Something is wrong with the data folder; `fix` is the command that mends it. */
export class HomeError extends Error {
  readonly fix: string
  constructor(message: string, fix: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'HomeError'
    this.fix = fix
  }
}
