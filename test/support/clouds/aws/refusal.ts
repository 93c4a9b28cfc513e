import type { Reply } from "../call.ts";
import { errorXml } from "./xml.ts";

/** A refusal, in the words of the API: thrown anywhere, answered as it is. */
export class Refusal extends Error {
  readonly reply: Reply;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.reply = refusalReply(status, code, message);
  }
}

/** A refusal as it goes over the wire. */
export function refusalReply(status: number, code: string, message: string): Reply {
  return { status, body: errorXml(code, message) };
}

/** 400. */
export function invalid(code: string, message: string): Refusal {
  return new Refusal(400, code, message);
}
