/** What an agent is told before its prompt, so that it uses the mailbox. Pure. */
export function messagingInstructions(): string {
  return [
    "You work alone: nobody reads what you print while you work.",
    "Messages are sent by the program cage-send and awaited by cage-wait; both print how with --help.",
  ].join("\n");
}
