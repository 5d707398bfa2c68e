// How many tests passed and failed, read from what a test runner printed. Pure. It never guesses:
// a runner that ended badly without saying so, or ran nothing, counts as a failure.

const READERS = {
  // cargo test and wasm-bindgen-test end each program with this line.
  cargo: {
    totals: /^test result: \w+\. (?<passed>\d+) passed; (?<failed>\d+) failed; (?<skipped>\d+) ignored/gm,
    failure: /^test (?<name>.+?) \.\.\. (?:FAILED|FAIL)$/gm,
  },
  // node:test's spec reporter ends with these lines and repeats the failures after them.
  node: {
    totals: /^ℹ (?:pass (?<passed>\d+)|fail (?<failed>\d+)|cancelled (?<failed2>\d+)|skipped (?<skipped>\d+)|todo (?<skipped2>\d+))$/gm,
    failure: /^\s*✖ (?<name>.+?)(?: \([\d.]+ms\).*)?$/gm,
  },
}

/**
 * Reads the output of one suite. `status` is the exit code, or a text if it was killed.
 * Answers { passed, failed, skipped, failures, problem }: `failures` are names, `problem` is why the
 * suite failed as a whole, or null; a problem counts as one failed test.
 */
export function readCounts(format, output, status) {
  const { totals, failure } = READERS[format]
  const sum = { passed: 0, failed: 0, skipped: 0 }
  for (const { groups } of output.matchAll(totals)) {
    sum.passed += Number(groups.passed ?? 0)
    sum.failed += Number(groups.failed ?? 0) + Number(groups.failed2 ?? 0)
    sum.skipped += Number(groups.skipped ?? 0) + Number(groups.skipped2 ?? 0)
  }
  const problem = problemOf(sum, status)
  if (problem) sum.failed += 1
  const failures = new Set([...output.matchAll(failure)].map(({ groups }) => groups.name))
  failures.delete('failing tests:')
  return { ...sum, failures: [...failures], problem }
}

function problemOf({ passed, failed }, status) {
  if (typeof status === 'string') return status
  if (status !== 0 && failed === 0) return `ended with status ${status}, but no test failed: it did not build, or crashed`
  if (passed + failed === 0) return 'ran no test at all'
  return null
}
