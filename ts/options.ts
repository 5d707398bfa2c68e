/** What an app opens with, in the engine's words. */
import { ThermoclineError } from "./errors.js";
import type { Options } from "./types.js";

/** What `Engine.open` takes, without what the realm adds. */
export interface EngineOptions {
  url: string;
  key: string;
  tables: Options["tables"];
  name: string;
  durability: Options["durability"];
  encrypt?: "stored" | "passphrase";
  passphrase?: string | undefined;
  gzip: NonNullable<Options["gzip"]>;
}

export function engineOptions(options: Options): EngineOptions {
  const { url, key, tables, durability, gzip = "auto" } = options;
  return { url, key, tables, name: options.name ?? hostOf(url), durability, gzip, ...encryptionOf(options) };
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch (cause) {
    throw new ThermoclineError("invalid_request", `url is "${url}"; it must be your project's address`, { cause });
  }
}

/** The object form means a passphrase, given now or not. */
function encryptionOf({ encrypt }: Options): Pick<EngineOptions, "encrypt" | "passphrase"> {
  if (!encrypt) return {};
  return encrypt === true ? { encrypt: "stored" } : { encrypt: "passphrase", passphrase: encrypt.passphrase };
}
