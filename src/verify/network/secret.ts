/** A secret that is none: what is put in for it at its hosts, and must be seen nowhere else. */
export const SECRET = {
  name: "SANDCAGE_VERIFY_SECRET",
  value: "a-made-up-value-that-its-hosts-alone-may-see",
  to: ["inject.test", "lied.test"],
} as const;
