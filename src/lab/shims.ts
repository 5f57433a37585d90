/** Small programs in the home: `podpass`, and `eksctl` for who has none. */
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Home, writePrivateFile } from './home.ts'

/** Writes both; they run this very Podpass on this home. */
export function writeShims(home: Home): void {
  const program = fileURLToPath(new URL('../../bin/podpass', import.meta.url))
  for (const file of [join(home.bin, 'podpass'), join(home.eksctlBin, 'eksctl')]) {
    writePrivateFile(
      file,
      `#!/bin/sh\nexport PODPASS_HOME="\${PODPASS_HOME:-${home.root}}"\nexec "${program}" "$@"\n`,
    )
    chmodSync(file, 0o700)
  }
}
