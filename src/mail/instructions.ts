/**
 * What an agent is told before its prompt, so that whoever gave the task hears from it. Ends with a
 * line of its own, after which the task begins. Pure.
 */
export function messagingInstructions(): string {
  return [
    "You work alone in a sandbox. Nobody reads your screen or answers questions there; whoever gave",
    "you the task hears from you through two programs, which print how to use them with --help.",
    "",
    "- When you begin something that takes long:",
    `  cage-send progress_update '{"status": "running the tests", "detail": "3 of 5"}'`,
    "- When you need a file or a fact that is not here; then run cage-wait for the answer:",
    `  cage-send info_request '{"request_id": "r1", "description": "the schema", "paths": ["db.sql"]}'`,
    "- When something stops you:",
    `  cage-send error '{"error_type": "missing_tool", "message": "no ffmpeg", "recoverable": false}'`,
    "- As the last act of the task, always, also when it failed (exit_code 0 means it is done):",
    `  cage-send task_complete '{"summary": "what you did, and how you checked it", "exit_code": 0}'`,
    "",
    "After task_complete run cage-wait, with the longest time limit that your tools allow. It prints",
    "the next message as JSON:",
    "- task_revision: do what its instructions say, then send task_complete and run cage-wait again.",
    "- ack: your message was read; run cage-wait again.",
    "- info_response: the answer to the info_request with the same request_id.",
    "When cage-wait ends with exit code 124, nobody answered in time: end your work. When something",
    "else cuts it off, a time limit of your tools for one, run it again: no message is lost.",
    "",
    "Long JSON goes in by stdin: cage-send task_complete - < FILE",
    "",
    "The task:",
    "",
  ].join("\n");
}
