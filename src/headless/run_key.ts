/** What is held, on record: one run in each cage. */
export const RUN = "run";
