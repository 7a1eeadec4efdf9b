/** Names of values that are never printed, even when someone wrote them into a config file. */
const SECRET_NAME = /(key|token|secret|passw|credential|auth)/i;

/** What stands for a value that is not shown. */
export const MASK = "(hidden)";

/** The value, unless its name says that it is a credential. */
export function maskValue(name: string, value: string): string {
  return value !== "" && SECRET_NAME.test(name) ? MASK : value;
}
