// Builds the fuzz targets into target/fuzz, as cargo-fuzz would. What is unchanged is not built again.
//
//   node scripts/build-fuzz.mjs
//
// cargo-fuzz itself would have to be compiled first, and all it adds to a build are the flags below. Without a
// sanitizer they need nothing but a stable Rust.

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** LLVM's coverage, as libFuzzer reads it. */
const COVERAGE = [
  '-Cpasses=sancov-module',
  ...['level=4', 'inline-8bit-counters', 'pc-table', 'trace-compares'].map((what) => `-Cllvm-args=-sanitizer-coverage-${what}`),
  '-Cllvm-args=-simplifycfg-branch-fold-threshold=0', // branches that stay apart are seen apart
  '--cfg=fuzzing',
]

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const [, host] = /^host: (.+)$/m.exec(execFileSync('rustc', ['-vV'], { encoding: 'utf8' }))
// With a target named, the flags are not for build scripts and macros.
const args = ['build', '--quiet', '--locked', '--release', '--manifest-path', 'fuzz/Cargo.toml', '--target', host, '--target-dir', 'target/fuzz']
try {
  execFileSync('cargo', args, { stdio: 'inherit', env: { ...process.env, CARGO_ENCODED_RUSTFLAGS: COVERAGE.join('\x1f') } })
} catch {
  process.exitCode = 1 // the compiler has said what is wrong
}
