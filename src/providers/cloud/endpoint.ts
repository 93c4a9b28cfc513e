import { BeltError } from "../../util/errors.ts";

/**
 * The URL in a variable that moves an API elsewhere.
 *
 * @throws BeltError `usage.invalid` for what is no URL, or would send what proves who is calling in the clear.
 */
export function safeEndpoint(variable: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe =
    url?.protocol === "https:" || (url?.protocol === "http:" && /^(127\.|localhost$|\[::1\]$)/.test(url.hostname));
  if (isSafe && url.username === "") return text;
  throw new BeltError("usage.invalid", `${variable} is no URL that begins with https://`, {
    hint: `Unset it, or: export ${variable}=https://proxy.example.com`,
  });
}
