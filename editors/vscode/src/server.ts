// Finds the cass server: setting, environment, bundled with the extension, PATH.

import * as fs from "node:fs";
import * as path from "node:path";

/** How to run cass, and where that was found. */
export interface ServerCommand {
  command: string;
  args: string[];
  origin: "setting" | "environment" | "bundled" | "path";
}

/** Where to look. */
export interface Places {
  setting: readonly string[];
  environ: NodeJS.ProcessEnv;
  extensionPath: string;
  platform: NodeJS.Platform;
}

/** The first place that names a server decides. A setting or variable that names a program that is not there is an
 * error of its own, never passed over. Returns a message for the user where there is none. */
export function findServer(places: Places): ServerCommand | string {
  const named = (
    words: readonly string[],
    origin: ServerCommand["origin"],
    where: string,
  ): ServerCommand | string => {
    const [program = "", ...args] = words;
    const found = locate(program, places);
    return found
      ? { command: found, args, origin }
      : `${where} names ${program}, but there is no such program. Correct it, or remove it to look elsewhere.`;
  };
  if (places.setting.length > 0) {
    return named(places.setting, "setting", "The setting cass.server.command");
  }
  const words = splitWords(places.environ.CASS_SERVER ?? "");
  if (words.length > 0) {
    return named(words, "environment", "The environment variable CASS_SERVER");
  }
  const bundled = locate(path.join(places.extensionPath, "bundled", "bin", "cass"), places);
  if (bundled) {
    return { command: bundled, args: [], origin: "bundled" };
  }
  const found = locate("cass", places);
  if (found) {
    return { command: found, args: [], origin: "path" };
  }
  return "The cass server was not found. Install it with `pip install cass` (or `pipx install cass`), or name it in the setting cass.server.command.";
}

/** Words of a command line: blanks part them, quotes hold them together. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  for (const match of line.matchAll(/(?:"([^"]*)"|'([^']*)'|[^\s"']+)+/g)) {
    words.push(match[0].replaceAll(/"([^"]*)"|'([^']*)'/g, (_all, double, single) => double ?? single ?? ""));
  }
  return words;
}

function locate(program: string, places: Places): string | undefined {
  if (!program) {
    return undefined;
  }
  const endings = places.platform === "win32" ? ["", ".exe", ".cmd", ".bat"] : [""];
  const folders = /[\\/]/.test(program)
    ? [""]
    : (places.environ.PATH ?? places.environ.Path ?? "").split(path.delimiter).filter(Boolean);
  for (const folder of folders) {
    for (const ending of endings) {
      const candidate = path.join(folder, program + ending);
      if (isProgram(candidate)) {
        return candidate;
      }
    }
  }
  return undefined;
}

function isProgram(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
