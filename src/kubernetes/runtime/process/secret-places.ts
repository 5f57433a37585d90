/** Where a machine and its user keep secrets that no pod has any business with. */
import { join } from 'node:path'

const ofUser = [
  '.aws',
  '.azure',
  '.bash_history',
  '.config/gcloud',
  '.config/gh',
  '.docker',
  '.git-credentials',
  '.gnupg',
  '.kube',
  '.netrc',
  '.npmrc',
  '.password-store',
  '.pgpass',
  '.pypirc',
  '.ssh',
  '.terraform.d/credentials.tfrc.json',
  '.vault-token',
  '.zsh_history',
]

const ofMachine = ['/etc/gshadow', '/etc/shadow', '/etc/ssh', '/etc/ssl/private', '/etc/sudoers.d']

/** Files and directories, whether they exist or not. `home`: the home directory of whoever runs us. */
export function secretPlaces(home: string | undefined): string[] {
  const own = home === undefined ? [] : ofUser.map((name) => join(home, name))
  return [...own, ...ofMachine]
}
