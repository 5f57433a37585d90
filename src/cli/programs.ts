/** Which programs the machine has. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Environment } from '../config/env.ts'

/** The folders of PATH, in order. */
export function pathFolders(environment: Environment): string[] {
  return (environment['PATH'] ?? '').split(delimiter)
}

/** True when one of the folders holds a program of this name. */
export function hasProgram(folders: readonly string[], name: string): boolean {
  return folders.some((folder) => {
    if (folder === '') return false
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
