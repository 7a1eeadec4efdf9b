import type { Message, MessageType } from "../../../src/mail/types.ts";

export const TYPES: Record<string, unknown>;
export const LIMITS: { messageBytes: number; messages: number };
export function findProblem(type: string, payload: unknown): string | undefined;
export function makeMessage(type: MessageType, payload: Record<string, unknown>): Message;
