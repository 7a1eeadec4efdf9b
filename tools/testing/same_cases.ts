/**
 * Loaded before the test files of `deno task test`: every run tries the same cases of a property, so
 * that a red one is of the change. New cases are what `deno task fuzz` is for.
 */
import fc from "fast-check";

/** Any number; a finding is repeated by it. */
const SEED = 20261121;

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: SEED });
