/** Certificates on an engine of another generation; `tests/e2e/engine26_test.ts` has the rest. */
import { startSuppliedEngine } from "../e2e/support/again.ts";

Deno.test("an engine of another generation: certificates", async () => {
  await using engine = await startSuppliedEngine();
  await engine.runAgain(["gateway_web_test.ts"]);
});
